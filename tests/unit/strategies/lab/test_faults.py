"""What goes wrong around an experiment: each is credited once, with its real end or why nobody knows it."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from assay.core.budget import Limits
from assay.core.trial import TrialState
from assay.engine.control import Message, Verb, send
from assay.journal import events as ev
from assay.journal.history import Trial
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.sandbox.identity import identify
from assay.sandbox.longrun import LongRun
from assay.sandbox.longrun.record import Record, write_record
from support.dying import Killed
from support.lab_bench import LabBench, QuickClock, act, in_order, repository, run

pytestmark = pytest.mark.timeout(120)
DEAF = """\
import os, signal, subprocess, sys, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
stay = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('in', flush=True); time.sleep(600)"
pids = [os.getpid()]
for new_session in (False, True):
    child = subprocess.Popen([sys.executable, "-c", stay], stdout=subprocess.PIPE, start_new_session=new_session)
    child.stdout.readline()
    pids.append(child.pid)
with open("pids", "w") as stream:
    print(*pids, file=stream)
print("loss=nan", flush=True)
time.sleep(600)
"""
"""Neither it nor its children heed SIGTERM; one of them leaves its session."""


def lab(folder: Path, *worker: Scripted, **fields: Any) -> LabBench:
    repo = repository(folder / "repo", files=fields.pop("files", None))
    return LabBench(folder / "run", repo, in_order(*worker), **fields)


def first_run(bench: LabBench) -> LongRun:
    return LongRun(bench.folder / "long" / "job-0000-1" / "record")


def killed_while_it_runs(bench: LabBench) -> Record:
    """Let the engine die in its second cycle, while the first experiment runs; return the experiment's record."""
    usual = bench.answers

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if told.view.cycle == 2:
            raise Killed
        return usual(request)

    bench.answers = answer
    with pytest.raises(Killed):
        bench.work()
    bench.answers = usual
    record = first_run(bench).look().record
    assert record.end is None
    assert record.supervisor.is_alive, "it goes on without the engine"
    return record


def resumed(bench: LabBench) -> LabBench:
    again = LabBench(bench.folder, bench.repo, bench.answers, clock=bench.clock)
    assert again.work().stopped_by == "finished"
    return again


def credited_once(bench: LabBench) -> Trial:
    """Return the first experiment: started, ended and credited once each, and whatever followed succeeded."""
    first, *others = bench.history.trials.values()
    assert all(trial.state is TrialState.COMPLETE for trial in others), "the lab goes on"
    payloads = [e.payload for e in bench.log_events()]
    for kind in (ev.AttemptStarted, ev.Executed, ev.TrialFinished):
        assert sum(isinstance(p, kind) and p.trial == first.number for p in payloads) == 1, kind.__name__
    return first


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "told"), [(signal.SIGKILL, 137), (signal.SIGSEGV, 139)])
def test_an_experiment_that_is_killed_has_failed_with_its_signal(
    tmp_path: Path, number: signal.Signals, told: int
) -> None:
    bench = lab(tmp_path, run(0.5, command=f"sh -c 'kill -{number} $$'", label="dies by a signal"), run(0.6))
    bench.work()
    trial = credited_once(bench)
    (measured,) = bench.history.measurements(trial.number)
    assert measured.execution is not None
    assert measured.execution.exit_code == told
    assert (trial.state, trial.reason) == (TrialState.FAILED, measured.execution.detail or f"exit code {told}")


def test_a_killed_supervisor_costs_its_experiment_and_not_the_lab(tmp_path: Path) -> None:
    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if told.view.cycle == 2:
            assert first_run(bench).kill()
            until(lambda: first_run(bench).look().is_over)
        return usual(request)

    bench = lab(tmp_path, run("slow", monitor_s=15), act("wait"), run(0.6))
    usual, bench.answers = bench.answers, answer
    assert bench.work().stopped_by == "finished"
    trial = credited_once(bench)
    assert (trial.state, trial.reason) == (TrialState.FAILED, "its supervisor was killed")


def test_after_a_restart_of_the_machine_the_experiment_is_lost_and_the_lab_goes_on(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("slow", monitor_s=15), act("wait"), run(0.6))
    record = killed_while_it_runs(bench)
    assert record.supervisor.signal(signal.SIGKILL)
    until(lambda: not record.supervisor.is_alive)
    elsewhere = dataclasses.replace(record.supervisor, boot="another start of the machine", pid=os.getpid())
    write_record(first_run(bench).folder, dataclasses.replace(record, supervisor=elsewhere))
    trial = credited_once(resumed(bench))
    assert (trial.state, trial.reason) == (TrialState.FAILED, "the machine was started anew")


@pytest.mark.parametrize("kept", [0, 120])
def test_an_experiment_whose_record_is_torn_is_ended_and_the_lab_goes_on(tmp_path: Path, kept: int) -> None:
    bench = lab(tmp_path, run("slow", monitor_s=15), act("wait"), run(0.6))
    record = killed_while_it_runs(bench)
    file = first_run(bench).folder / "record.json"
    torn = file.read_bytes()[:kept]
    file.write_bytes(torn)
    trial = credited_once(resumed(bench))
    assert trial.state is TrialState.FAILED
    assert "record could not be read" in trial.reason
    assert (file.parent / "record.broken.json").read_bytes() == torn
    until(lambda: not record.supervisor.is_alive)
    guard = int(record.process.partition(":")[0])
    until(lambda: identify(guard) is None)


def test_a_process_that_got_the_number_meanwhile_is_neither_waited_for_nor_harmed(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("slow", monitor_s=15), act("stop"), run(0.6))
    record = killed_while_it_runs(bench)
    assert record.supervisor.signal(signal.SIGKILL)
    until(lambda: not record.supervisor.is_alive)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        someone = identify(stranger.pid)
        assert someone is not None
        recycled = dataclasses.replace(someone, ticks=someone.ticks - 1)
        write_record(first_run(bench).folder, dataclasses.replace(record, supervisor=recycled))
        trial = credited_once(resumed(bench))
        assert stranger.poll() is None
        assert stranger.stdin is not None
        stranger.stdin.close()
    assert (trial.state, trial.reason) == (TrialState.FAILED, "its supervisor was killed")


def test_nothing_is_left_of_what_does_not_heed_the_request_to_end(tmp_path: Path) -> None:
    command = f"{shlex.quote(sys.executable)} deaf.py"
    deaf = run(0, "does not listen", command=command, monitor_s=15)
    bench = lab(tmp_path, deaf, act("stop"), run(0.6), files={"deaf.py": DEAF})
    pids: list[int] = []

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if told.view.cycle == 2:
            place = bench.folder / "long" / "job-0000-1" / "work" / "pids"
            until(lambda: place.exists() and place.read_text(encoding="utf-8").endswith("\n"))
            pids.extend(int(word) for word in place.read_text(encoding="utf-8").split())
            assert all(psutil.pid_exists(pid) for pid in pids)
        return usual(request)

    usual, bench.answers = bench.answers, answer
    bench.work()
    trial = credited_once(bench)
    assert (trial.state, trial.reason) == (TrialState.STOPPED, "stopped by the worker")
    end = first_run(bench).look().record.end
    assert end is not None
    assert end.forced
    assert len(pids) == 3
    assert [pid for pid in pids if identify(pid) is not None] == []
    assert not (bench.folder / "long" / "job-0000-1" / "work").exists()


def test_a_full_disk_holds_the_next_experiment_back_until_there_is_room(tmp_path: Path) -> None:
    full = [True]
    looks: list[int] = []

    def disk(folder: Path) -> tuple[int, int]:
        looks.append(len(bench.log_events()))
        full[0] = len(looks) < 5
        return (2**20 if full[0] else 2**40, 2**41)

    bench = lab(tmp_path, run(0.5), disk=disk)
    bench.work()
    kinds = [event.payload for event in bench.log_events()]
    remarks = [p.text for p in kinds if isinstance(p, ev.Remarked) and p.code == "W440"]
    assert len(remarks) == 2
    assert "only 1 MB are free" in remarks[0]
    assert "goes on" in remarks[1]
    (started,) = (index for index, p in enumerate(kinds) if isinstance(p, ev.AttemptStarted))
    last = max(index for index, p in enumerate(kinds) if isinstance(p, ev.Remarked) and p.code == "W440")
    assert started > last, "nothing was started while the disk was full"
    assert credited_once(bench).state is TrialState.COMPLETE


def test_a_wish_to_end_is_heard_while_the_disk_is_full(tmp_path: Path) -> None:
    bench = lab(tmp_path, run(0.5), limits=Limits(wall_s=30.0), disk=lambda _: (0, 2**41))
    assert bench.work().stopped_by == "time"
    assert [t.state for t in bench.history.trials.values()] == [TrialState.STOPPED]
    assert not (bench.folder / "long").exists()


class SetClock(QuickClock):
    """A clock whose time of day somebody sets."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.mark.parametrize("jump", [3 * 3600.0, -3 * 3600.0])
def test_a_clock_that_jumps_neither_ends_an_experiment_nor_loses_its_score(tmp_path: Path, jump: float) -> None:
    clock = SetClock()
    bench = lab(tmp_path, run("slow", monitor_s=7_200), clock=clock, limits=Limits(wall_s=7_000.0))

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if request.role == "lab_worker" and told.view.cycle == 1:
            clock.ahead = jump
        return usual(request)

    usual, bench.answers = bench.answers, answer
    opened = bench.open()
    go = bench.folder / "long" / "job-0000-1" / "work" / "go"
    journal = bench.folder / "events.jsonl"
    with subprocess.Popen(["sh", "-c", f"until grep -q W441 {journal} && touch {go}; do sleep 0.2; done"]):
        assert opened.work().stopped_by == "finished"
    assert [remark.code for _, remark in bench.history.remarks].count("W441") == 1
    assert bench.history.wall_s < 600.0, "what the clock jumped is no time of running, for a resumption neither"
    trial = credited_once(bench)
    assert (trial.state, bench.history.notes["lab/result/0"]["score"]) == (TrialState.COMPLETE, 0.6)


def test_a_score_that_lay_in_the_repository_is_nobodys(tmp_path: Path) -> None:
    """The first experiment starts in the second in which the checkout was made; time alone cannot tell them apart."""
    silent = run(0, "writes nothing", command="sh -c true")
    bench = lab(tmp_path, silent, run(0.6), files={"metrics.json": json.dumps({"acc": 0.99})})
    bench.work()
    trial = credited_once(bench)
    assert trial.state is TrialState.FAILED
    assert bench.history.notes["lab/result/0"]["score"] is None
    (measured,) = bench.history.measurements(0)
    assert measured.execution is not None
    assert "older" in measured.execution.refused["metrics.json"]


def test_a_score_written_after_the_clock_was_set_back_counts(tmp_path: Path) -> None:
    """To whoever takes it, it looks older than the start of its experiment."""
    back = "sh -c 'sh train.sh 0.7 && touch -t 202001010000 metrics.json'"
    bench = lab(tmp_path, run(0.7, command=back, label="an old time"))
    bench.work()
    assert credited_once(bench).state is TrialState.COMPLETE
    assert bench.history.notes["lab/result/0"]["score"] == 0.7


def test_an_experiment_that_a_person_skips_is_ended_and_the_lab_goes_on(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("slow", monitor_s=7_200), run(0.6))
    opened = bench.open()

    def skip() -> None:
        until(lambda: [one.pid for one in bench.parts.activities.now() if one.kind == "run"])
        send(bench.folder, Message(verb=Verb.SKIP))

    person = threading.Thread(target=skip)
    person.start()
    assert opened.work().stopped_by == "finished"
    person.join()
    trial = credited_once(bench)
    assert (trial.state, trial.reason) == (TrialState.STOPPED, "skipped by a person")
