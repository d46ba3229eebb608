"""The fault table of `mle_star`: whatever the provider does at one question, the run ends well and says what happened.

The prompts, the client, its retries, the cap and the engine are the real ones, against a real server on loopback.
Only data, grading and sandbox are fakes, so that a row of the table costs about a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.errors import ReplyInvalid
from assay.engine.budget import spent
from assay.journal import events as ev
from assay.journal.history import History
from assay.journal.memory import MemoryJournal
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.strategies.star.options import StarOptions
from support.chat_server import Cut, Hang, Refusal, Status, Text
from support.slopes import write_data
from support.star import answer
from support.star_server import KEY, Fault, StarBench, StarServer, star_server

TOO_LONG = Status(code=400, body={"error": {"message": "too long", "code": "context_length_exceeded"}})
FOR_HOURS = Status(code=429, headers={"Retry-After": "9000"})
NO_CREDIT = Status(code=429, body={"error": {"message": "no credit", "code": "insufficient_quota"}})
WRONG_KEY = Status(code=401, body={"error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}})


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault and what must come of it."""

    fault: Fault
    calls: int
    """Calls for the question that met it."""
    waits: int = 0
    """Waits between attempts."""
    wait_s: float = 0.0
    """What the provider asks for; 0 where it says nothing."""
    answered: bool = True
    """Whether that question was answered well in the end."""
    code: str = ""
    """Of the error that the question's answer is in the journal."""
    remarks: tuple[str, ...] = ()
    """Codes of what the run says of its provider."""
    skipped: str = ""
    """A phase that ended early by it."""


PASSING = {
    "429, with a wait named": Row(
        fault=Fault(at="retrieve", steps=(Status(code=429, headers={"Retry-After": "7"}),)),
        calls=2,
        waits=1,
        wait_s=7.0,
    ),
    "429, without one": Row(fault=Fault(at="init", steps=(Status(code=429),) * 3), calls=4, waits=3),
    "500": Row(fault=Fault(at="merge", steps=(Status(code=500),) * 2), calls=3, waits=2),
    "a stream cut inside its framing": Row(
        fault=Fault(at="ablate", steps=(Cut(content='```json\n{"vari', announced=True),)), calls=2, waits=1
    ),
    "a stream that just ends": Row(
        fault=Fault(at="ensemble", steps=(Cut(content='```json\n{"title": "M', announced=False),)), calls=2
    ),
    "hanging once": Row(fault=Fault(at="plan", steps=(Hang(),)), calls=2, remarks=("W301",)),
    "wrong JSON once": Row(fault=Fault(at="extract", steps=(Text(content='{"targets": 5}'),)), calls=2),
    "empty once": Row(fault=Fault(at="data_usage", steps=(Text(content=""),)), calls=2),
}
"""Faults that the question survives."""

COSTING = {
    "wrong JSON": Row(
        fault=Fault(at="retrieve", steps=(Text(content='{"models": 5}'),) * 3),
        calls=3, answered=False, code="E301", skipped="step-0002/init",
    ),
    "empty": Row(fault=Fault(at="summarize", steps=(Text(content=""),) * 3), calls=3, answered=False, code="E301"),
    "a refusal": Row(
        fault=Fault(at="ensemble", steps=(Refusal("I would rather not"),)),
        calls=1, answered=False, code="E307", skipped="step-0003/ensemble",
    ),
    "a prompt that is too long for the model": Row(
        fault=Fault(at="code", steps=(TOO_LONG,)), calls=1, answered=False, code="E307"
    ),
    "a reply of 2 MB": Row(
        fault=Fault(at="init", steps=(Text(content="x" * 2_000_000),)), calls=1, answered=False, code="E301"
    ),
}  # fmt: skip
"""Faults that cost the question and nothing more."""

ENDING = {
    "refused key": (Fault(at="retrieve", steps=(WRONG_KEY,), lasting=True), "E303"),
    "a key that is refused in mid-phase": (Fault(at="plan", steps=(WRONG_KEY,), lasting=True), "E303"),
    "used up": (Fault(at="ensemble_plan", steps=(NO_CREDIT,), lasting=True), "E303"),
    "500 from then on": (Fault(at="merge", steps=(Status(code=500),), lasting=True), "E302"),
    "429 for hours": (Fault(at="ablate", steps=(FOR_HOURS,), lasting=True), "E302"),
    "hanging from then on": (Fault(at="code", steps=(Hang(),), lasting=True), "E302"),
    "refusing everything": (Fault(at="leakage", steps=(Refusal("no"),), lasting=True), "E307"),
}  # fmt: skip
"""Faults that end the search, and how."""


def read(made: StarBench) -> History:
    return made.bench.log.read(lambda history: history)


def must_be_sound(made: StarBench, end: ev.RunFinished) -> History:
    """The best verified solution is delivered, every trial has an end, and nothing was asked for twice."""
    history = read(made)
    assert end.exit_code == 0
    assert end.winner is not None
    winner = history.trials[end.winner]
    searched = history.ranking(lambda trial: trial.operator != "blend")
    assert winner.score is not None
    assert winner.operator == "blend" or winner.number == searched[0].number
    assert history.submission is not None
    assert history.submission.trial == winner.number
    assert all(trial.state.is_final for trial in history.trials.values())
    must_not_ask_twice(made.server)
    assert KEY not in "".join(path.read_text(encoding="utf-8") for path in (made.folder / "llm").glob("*.json"))
    return history


def must_not_ask_twice(server: StarServer) -> None:
    assert [key for key, times in server.answered.items() if times > 1] == []


def fault_remarks(history: History) -> list[str]:
    return [remark.code for _, remark in history.remarks if remark.code[1] == "3"]


def with_fault(folder: Path, fault: Fault, backend: MemoryJournal) -> tuple[StarBench, ev.RunFinished]:
    # Only who meets silence is impatient: on a busy machine a good answer may take a while.
    patience_s = 2.0 if isinstance(fault.steps[0], Hang) else 60.0
    with star_server(fault) as server:
        made = StarBench(folder, server, backend, timeout_s=patience_s)
        return made, made.bench.open().work()


@pytest.mark.parametrize("name", [*PASSING, *COSTING])
def test_what_goes_wrong_at_one_question_costs_at_most_that_question(tmp_path: Path, name: str) -> None:
    row = {**PASSING, **COSTING}[name]
    made, end = with_fault(tmp_path, row.fault, MemoryJournal())
    history = must_be_sound(made, end)
    assert end.stopped_by == "exhausted"
    assert len(made.server.met) == row.calls
    assert len(made.slept) == row.waits
    if row.wait_s:
        assert made.slept == [row.wait_s]
    else:
        assert made.slept == sorted(set(made.slept)), "they grow"
    assert fault_remarks(history) == list(row.remarks)
    assert (made.server.struck in made.server.answered) is row.answered
    told = [found.answer for found in history.questions.values() if found.answer and found.answer.error]
    assert [answered.error[:4] for answered in told] == ([row.code] if row.code else [])
    if row.skipped:
        assert history.notes[f"phase/{row.skipped}/ended"]["skipped"]


@pytest.mark.parametrize("name", ENDING)
def test_a_provider_that_is_gone_ends_the_search_with_the_best_and_a_resumed_run_asks_for_the_rest(
    tmp_path: Path, name: str
) -> None:
    fault, code = ENDING[name]
    backend = MemoryJournal()
    made, end = with_fault(tmp_path, fault, backend)
    history = must_be_sound(made, end)
    assert end.stopped_by == code
    assert fault_remarks(history)[-1] == code
    goes_on(tmp_path, backend, end, set(made.server.answered))


def goes_on(folder: Path, backend: MemoryJournal, before: ev.RunFinished, answered: set[str], **fields: Any) -> None:
    """Resume with a server that is well: no question that was answered is put again, and the end is no worse."""
    with star_server() as server:
        made = StarBench(folder, server, backend, **fields)
        after = made.bench.open().work()
    history = must_be_sound(made, after)
    assert after.stopped_by == "exhausted"
    assert not answered & set(server.answered)
    assert before.winner is not None
    assert after.winner is not None
    best = min(t.score for t in history.trials.values() if t.ranks and t.score is not None and t.operator != "blend")
    first = history.trials[before.winner].score
    assert first is not None
    assert best <= first


def test_a_cap_on_money_that_is_reached_in_mid_phase_holds_and_more_money_goes_on(tmp_path: Path) -> None:
    backend = MemoryJournal()
    # A reply may take 16,384 tokens, $0.164; each takes $0.0003.
    capped = Limits(workers=2, cost_usd=Decimal("0.178"))
    with star_server() as server:
        made = StarBench(tmp_path, server, backend, limits=capped)
        end = made.bench.open().work()
    history = must_be_sound(made, end)
    assert end.stopped_by == "cost"
    assert end.cost_usd is not None
    assert end.cost_usd <= Decimal("0.178")
    begun = [key for key in history.notes if key.startswith("phase/") and key.endswith("/begun")]
    ended = [key for key in history.notes if key.startswith("phase/") and key.endswith("/ended")]
    assert len(begun) == len(ended) + 1, "it was in the middle of a phase"
    more = Limits(workers=2, cost_usd=Decimal(5))
    goes_on(tmp_path, backend, end, set(server.answered), limits=more, spent=made.bench.log.read(spent))


def test_a_prompt_of_500_kilobytes_goes_through_every_role_whole(tmp_path: Path) -> None:
    padding = "x" * 500_000

    def long(request: Request[Any]) -> Scripted:
        reply = answer(request)
        if request.role == "init" and request.key.endswith("init-0/init"):
            return {**reply, "code": f'wish = {{"score": 1.2, "pad": "{padding}"}}'}  # type: ignore[dict-item]
        return reply

    with star_server(answers=long) as server:
        made = StarBench(tmp_path, server, MemoryJournal())
        end = made.bench.open().work()
    history = must_be_sound(made, end)
    assert end.stopped_by == "exhausted"
    held = {role for role, put in zip(server.roles, server.requests, strict=True) if padding in json.dumps(put)}
    assert {"leakage", "merge", "data_usage"} <= held
    assert fault_remarks(history) == []


def _crashing(request: Request[Any]) -> Scripted:
    """On the first path no models come, on the second no script runs and none is mended; the third is well."""
    step = request.key.split("/")[0]
    if step == "step-0002" and request.role == "retrieve":
        return ReplyInvalid("nothing")
    broken = f'wish = {{"fail": "MemoryError in {request.key}"}}'
    if step == "step-0003" and request.role == "init":
        return {"title": "broken", "plan": "p", "code": broken}
    if request.role == "debug":
        return {"cause": "unknown", "code": broken}
    return answer(request)


def test_two_paths_that_crash_leave_what_the_third_finds(tmp_path: Path) -> None:
    options = StarOptions(models=2, outer=1, inner=1, paths=3, rounds=1)
    with star_server(answers=_crashing) as server:
        made = StarBench(tmp_path, server, MemoryJournal(), options=options)
        end = made.bench.open().work()
    history = must_be_sound(made, end)
    assert end.stopped_by == "exhausted"
    assert "no models were found" in history.notes["phase/step-0002/init/ended"]["skipped"]
    assert "no initial solution" in history.notes["phase/step-0003/init/ended"]["skipped"]
    assert not history.notes["phase/step-0004/init/ended"]["skipped"]
    assert history.ranking()[0].step in (4, 5), "the path that is well, or its ensemble"


def test_where_every_path_crashes_the_baseline_is_delivered(tmp_path: Path) -> None:
    with star_server(answers=lambda request: ReplyInvalid("nothing")) as server:
        made = StarBench(tmp_path, server, MemoryJournal())
        end = made.bench.open().work()
    history = must_be_sound(made, end)
    assert end.stopped_by == "exhausted"
    assert {trial.operator for trial in history.trials.values()} <= {"baseline", "blend"}


def test_without_a_key_nobody_is_asked_and_the_baseline_is_delivered(tmp_path: Path) -> None:
    """The command line refuses before the start; a key that is gone when a run is resumed is met here."""
    with star_server() as server:
        made = StarBench(tmp_path, server, MemoryJournal(), environ={}, own_address=True)
        end = made.bench.open().work()
    history = must_be_sound(made, end)
    assert end.stopped_by == "E303"
    assert fault_remarks(history) == ["E303"]
    assert server.requests == []


def test_the_command_line_says_so_before_anything_is_written(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_"))}
    environ["ASSAY_MLFLOW"] = "off"
    argv = ["run", "data", "--strategy", "mle_star", "--model", "openai:gpt-loop", "--name", "keen-heron"]
    done = subprocess.run(
        [sys.executable, "-m", "assay", *argv], capture_output=True, text=True, check=False, cwd=tmp_path, env=environ
    )
    assert done.returncode == 6
    assert done.stderr.startswith("error[E303]")
    assert not (tmp_path / "runs").exists()
