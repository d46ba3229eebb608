"""Ten thousand cycles of history: what a cycle tells, reads and keeps does not grow with them, nor what status reads.

Nothing is timed; what is counted is the work.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.file import FileJournal
from assay.models.base import Request
from assay.models.scripted import Scripted
from support.dying import Killed
from support.lab_bench import LabBench, QuickClock, act, calm, in_order, repository, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SHORT, LONG = 1_000, 10_000
EVERY = 10
"""Cycles of which one starts an experiment; the others wait."""
STATUS = """\
import sys
from pathlib import Path
from assay.cli.boundary import run

code = run(["status", sys.argv[1], "--json"])
words = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
print("\\nread", code, words["rchar"])
"""


class CountingJournal(FileJournal):
    """A journal that knows how often it was read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reads = 0

    def read(self, since: int = 0) -> Sequence[Event]:
        self.reads += 1
        return super().read(since)


@dataclass(frozen=True)
class Measured:
    """What two more cycles and a look from outside took."""

    asked: int
    """Characters that the worker was asked."""
    kept: int
    """Bytes that two cycles added to journal and objects."""
    reads: int
    """Times that the whole journal was read."""
    status: int
    """Bytes that `assay status` read, the interpreter's own files included."""
    journal: int
    """Bytes of the journal."""


def began(folder: Path) -> tuple[LabBench, list[Payload]]:
    """Let a lab make two cycles, of which the first runs an experiment; return it and the events of its cycles."""
    answers = in_order(run(0.5, "the default"), act("wait"))

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if told.view.cycle == 3:
            raise Killed
        return answers(request)

    bench = LabBench(folder / "run", repository(folder / "repo", "[mentor]\nevery = 1000000\n"), answer)
    bench.clock = QuickClock(4_000.0)
    with pytest.raises(Killed):
        bench.work()
    return bench, [event.payload for event in bench.log_events()]


def written(payloads: Sequence[Payload], cycles: int) -> Iterator[Payload]:
    """Yield the events of cycles 3 to `cycles`, each like one of the first two."""
    ends = [index for index, p in enumerate(payloads) if isinstance(p, ev.StepFinished)]
    start = next(i for i, p in enumerate(payloads) if isinstance(p, ev.Noted) and p.key == "step-0000/sees")
    first, second = payloads[start : ends[0] + 1], payloads[ends[0] + 1 : ends[1] + 1]
    trial = 0
    for cycle in range(3, cycles + 1):
        runs = cycle % EVERY == 0
        trial += runs
        like, source = (first, 0) if runs else (second, 1)
        for payload in like:
            yield as_of(payload, source, cycle, trial)


def as_of(payload: Payload, step: int, cycle: int, trial: int) -> Payload:
    """Return an event of a step as that of another cycle and another experiment."""
    changes: dict[str, Any] = {}
    fields: Mapping[str, Any] = vars(payload)
    if "key" in fields:
        key = fields["key"].replace(f"step-{step:04d}", f"step-{cycle - 1:04d}")
        key = key.replace(f"lab/cycle/{step + 1}", f"lab/cycle/{cycle}").replace("lab/result/0", f"lab/result/{trial}")
        changes["key"] = key.replace(f"lab/memory/{step + 1}", f"lab/memory/{cycle}")
    if "trial" in fields:
        changes["trial"] = trial
    if "view" in fields:
        changes["view"] = f"job-{trial:04d}-1"
    if "step" in fields:
        changes["step"] = cycle - 1
    if isinstance(payload, ev.TrialCreated):
        told = {**payload.recipe, "key": f"{trial}", "command": f"sh train.sh 0.{trial:04d}"}
        changes |= {"title": f"score {trial}", "recipe": told}
    if isinstance(payload, ev.Noted) and payload.key.startswith("lab/cycle/"):
        value = payload.value
        changes["value"] = {**value, "cycle": {**value["cycle"], "number": cycle}}
    return replace(payload, **changes)


def measure(folder: Path, cycles: int) -> Measured:
    bench, payloads = began(folder)
    path = bench.folder / "events.jsonl"
    # What the killed engine left of cycle 3 goes: its step begins anew.
    whole = bench.log_events()
    last = max(index for index, p in enumerate(payloads) if isinstance(p, ev.StepFinished))
    path.unlink()
    events: list[Event] = list(whole[: last + 1])
    for payload in written(payloads, cycles):
        events.append(Event.after(events[-1], time=events[-1].time + 1.0, payload=payload))
    FileJournal(path).append(events)
    before, journal = weight(bench.folder), CountingJournal(path)
    again = LabBench(
        bench.folder, bench.repo, lambda request: told(request, cycles), backend=journal, clock=QuickClock(4_000.0)
    )
    assert again.work().stopped_by == "finished"
    put = [request for request in again.model.requests if request.role == "lab_worker"]
    assert [request.key for request in put] == [f"step-{cycle:04d}/worker" for cycle in (cycles, cycles + 1)]
    asked = max(sum(len(message.content) for message in request.messages) for request in put)
    kept = weight(bench.folder) - before
    done = subprocess.run([sys.executable, "-c", STATUS, str(bench.folder)], capture_output=True, text=True, check=True)
    word, code, read = done.stdout.splitlines()[-1].split()
    assert (word, code) == ("read", "0"), done.stderr
    return Measured(asked, kept, journal.reads, int(read), path.stat().st_size)


def told(request: Request[Any], cycles: int) -> Scripted:
    view: Any = request.inputs
    if request.role == "lab_mentor":
        return calm()
    return run(0.9, "a new one") if view.view.cycle == cycles + 1 else act("finish")


def weight(folder: Path) -> int:
    """Return the bytes of the journal and its objects."""
    files = [folder / "events.jsonl", *(path for path in (folder / "objects").rglob("*") if path.is_file())]
    return sum(path.stat().st_size for path in files)


def test_ten_thousand_cycles_cost_a_cycle_and_a_look_no_more_than_a_thousand(tmp_path: Path) -> None:
    short, long = measure(tmp_path / "short", SHORT), measure(tmp_path / "long", LONG)
    assert long.journal > 5 * short.journal
    assert long.asked < 1.05 * short.asked
    assert long.kept < 1.05 * short.kept
    assert short.reads == long.reads == 1, "the journal is read when an engine opens it, and never again"
    assert long.status < short.status + 100_000
