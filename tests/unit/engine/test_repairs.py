"""Repairs within a trial: what the repairer is told, when it is given up, and that nothing of an attempt lingers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.execution import Outcome
from assay.core.trial import TrialState
from assay.engine.session import Session
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.file import FileJournal
from assay.journal.history import Trial
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.engine import Bench, behave, program, propose
from support.fakes import noise, script


class One:
    """Evaluates one candidate."""

    def __init__(self, **wish: Any) -> None:
        self._wish = wish

    def run(self, session: Session) -> None:
        session.evaluate("t", script(**self._wish))


def trial_of(bench: Bench) -> Trial:
    bench.open()._search()
    return bench.log.read(lambda history: history.trials[0])


def questions(bench: Bench) -> list[Any]:
    return [request.inputs for request in bench.model.requests if request.role == "debug"]


def still_broken(request: Request[Any]) -> Scripted:
    """A repair that changes the code and ends in the same failure."""
    return {"cause": "guess", "code": f'wish = {{"fail": "ValueError: x", "try": "{request.key}"}}'}


def test_the_repairer_sees_the_whole_code_and_the_failure(tmp_path: Path) -> None:
    bench = Bench(tmp_path, strategy=One(fail="KeyError: 'age'", note="n" * 20_000))
    trial = trial_of(bench)
    (asked,) = questions(bench)
    assert asked.code == script(fail="KeyError: 'age'", note="n" * 20_000).source
    assert "Traceback\nKeyError: 'age'" in asked.error
    assert asked.outcome == Outcome.ERROR
    assert trial.state is TrialState.COMPLETE, "the repair counts because it ran and was graded"


def test_the_same_failure_twice_is_told_and_then_given_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, answers=still_broken, strategy=One(fail="ValueError: x"), max_repairs=9)
    trial = trial_of(bench)
    assert [asked.same_as_before for asked in questions(bench)] == [False, True]
    assert (trial.state, trial.attempts) == (TrialState.FAILED, 3)


@pytest.mark.parametrize("most", [0, 1])
def test_no_more_repairs_are_asked_for_than_the_person_allows(tmp_path: Path, most: int) -> None:
    bench = Bench(tmp_path, answers=still_broken, strategy=One(fail="ValueError: x"), max_repairs=most)
    trial = trial_of(bench)
    assert len(questions(bench)) == most
    assert (trial.state, trial.reason) == (TrialState.FAILED, "ValueError: x")


def test_a_time_out_is_repaired_as_such_and_never_run_again_unchanged(tmp_path: Path) -> None:
    def slow(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        if "slow" in (workspace.root / "solution.py").read_text(encoding="utf-8"):
            detail = "still running after its 60 s"
            return FakeResult(
                outcome=Outcome.TIMEOUT, exit_code=None, log="round 1\n", stuck_at="line 7", detail=detail
            )
        return behave(command, workspace, limits)

    bench = Bench(tmp_path, strategy=One(slow=True, score=1.0))
    bench.sandbox = FakeSandbox(slow)
    trial = trial_of(bench)
    (asked,) = questions(bench)
    assert asked.outcome == Outcome.TIMEOUT
    assert "still running after its 60 s" in asked.error
    assert "line 7" in asked.error
    assert trial.state is TrialState.COMPLETE
    ran = [m.code for m in bench.log.read(lambda history: history.measurements(trial.number))]
    assert ran.count(ran[0]) == 1


def test_an_attempt_that_writes_nothing_has_no_score_whatever_an_older_one_wrote(tmp_path: Path) -> None:
    found: list[list[str]] = []

    def first_writes_then_not(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        output = workspace.root / "output"
        found.append(sorted(path.name for path in output.iterdir()))
        if not json.loads((workspace.root / "solution.py").read_text(encoding="utf-8").removeprefix("wish = ")).get(
            "silent"
        ):
            (output / "submission.csv").write_text("not a number", encoding="utf-8")
        (output / "metrics.json").write_text('{"score": 0.99}', encoding="utf-8")
        return FakeResult()

    def silent(request: Request[Any]) -> Scripted:
        return {"cause": "guess", "code": f'wish = {{"silent": true, "try": "{request.key}"}}'}

    bench = Bench(tmp_path, answers=silent, strategy=One(score=1.0))
    bench.sandbox = FakeSandbox(first_writes_then_not)
    trial = trial_of(bench)
    assert (trial.state, trial.score, trial.attempts) == (TrialState.FAILED, None, 3)
    assert "missing" in trial.reason
    assert found == [[], [], []], "each attempt begins with an empty folder"


def test_what_else_an_attempt_left_is_recorded_with_its_size(tmp_path: Path) -> None:
    def leaves(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        (workspace.root / "cache").mkdir()
        (workspace.root / "cache" / "features.bin").write_bytes(bytes(1234))
        (workspace.root / "cache" / "link").symlink_to("/etc/passwd")
        return behave(command, workspace, limits)

    bench = Bench(tmp_path, strategy=One(score=1.0))
    bench.sandbox = FakeSandbox(leaves)
    trial = trial_of(bench)
    executions = [m.execution for m in bench.log.read(lambda history: history.measurements(trial.number))]
    assert {tuple(e.files.items()) for e in executions if e} == {(("cache/features.bin", 1234),)}


def test_improvements_start_from_a_stored_best_byte_for_byte_whatever_became_of_others(tmp_path: Path) -> None:
    def worse(request: Request[Any]) -> Scripted:
        if request.role == "improve":
            return program(f"worse {request.key}", score=2.5 + noise(request.key))
        return propose(request)

    bench = Bench(tmp_path, answers=worse, limits=Limits(trials=16))
    end = bench.open().work()
    trials = bench.log.read(lambda history: dict(history.trials))
    asked: list[Any] = [request.inputs for request in bench.model.requests if request.role == "improve"]
    assert len(asked) > 3
    for question in asked:
        parent = trials[question.parent.number]
        assert question.code == bench.parts.objects.candidate(parent.candidate).source
        assert parent.operator == "draft", "an improvement that was none is never built upon while drafts are better"
    assert end.winner is not None
    assert trials[end.winner].operator in ("draft", "blend")


@pytest.mark.parametrize("dies", [False, True], ids=["in one go", "killed between the repair and the look at it"])
def test_what_a_repair_brings_is_looked_at_even_if_the_engine_died_meanwhile(tmp_path: Path, dies: bool) -> None:
    def opened(backend: JournalBackend) -> Bench:
        def mends(_: Request[Any]) -> Scripted:
            return {"cause": "a label", "code": 'wish = {"score": 0.1, "reads": "answers"}'}

        bench = Bench(tmp_path, answers=mends, strategy=One(fail="ValueError: x"), backend=backend, check=no_answers)
        bench.open()
        return bench

    path = tmp_path / "events.jsonl"
    bench = opened(FileJournal(path))
    trial = trial_of(bench)
    if dies:
        events = FileJournal(path).read()
        last = next(e.number for e in events if isinstance(e.payload, ev.Repaired))
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: last + 1]))
        trial = trial_of(opened(FileJournal(path)))
    assert (trial.state, trial.score) == (TrialState.REJECTED, None)
    assert trial.reason == "L01 it reads the answers"


class Finding:
    """A check that fired."""

    code, severity, sentence = "L01", "reject", "it reads the answers"


def no_answers(candidate: Candidate) -> list[Any]:
    return [Finding()] if "answers" in candidate.source else []
