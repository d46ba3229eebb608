"""How the finish ends where executions do not end well, and what a resumed run makes of it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.errors import TaskError
from assay.core.execution import Outcome
from assay.core.task import Task
from assay.core.view import View
from assay.grading import Grade
from assay.journal import events as ev
from assay.journal.memory import MemoryJournal
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.engine import Bench, behave
from support.fakes import FakeGrading


def view_of(workspace: Workspace) -> str:
    return (workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8")


def wish_of(workspace: Workspace) -> dict[str, float]:
    text = (workspace.root / "solution.py").read_text(encoding="utf-8")
    wish: dict[str, float] = json.loads(text.removeprefix("wish = "))
    return wish


def cut_off_on(*names: str, but: float = -1.0) -> FakeSandbox:
    """Return a sandbox whose time limit cuts scripts off on these views, after they wrote half of their predictions."""

    def run(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        if view_of(workspace) in names and wish_of(workspace).get("score") != but:
            (workspace.root / "output" / "submission.csv").write_text("0.0\n", encoding="utf-8")
            return FakeResult(outcome=Outcome.TIMEOUT, exit_code=None, wall_s=limits.wall_s)
        return behave(command, workspace, limits)

    return FakeSandbox(run)


def test_a_final_fit_that_was_cut_off_replaces_no_submission_that_was_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.sandbox = cut_off_on("final", but=3.0)
    bench.open().work()
    history = bench.log.read(lambda h: h)
    assert history.submission is not None
    assert history.submission.trial == 0
    assert (tmp_path / "submission.csv").read_text(encoding="utf-8") != "0.0\n"
    assert any("half-made" in remark.text for _, remark in history.remarks if remark.code == "W401")


def test_a_sealed_score_of_predictions_cut_off_is_marked_partial_and_remarked_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.sandbox = cut_off_on("sealed")
    bench.open().work()
    history = bench.log.read(lambda h: h)
    assert history.sealed is not None
    assert history.sealed.score is not None
    assert history.sealed.score.partial
    assert "W406" in {remark.code for _, remark in history.remarks}


class OneClass(FakeGrading):
    """Cannot score a view of which all answers are of one class."""

    def __init__(self, name: str) -> None:
        self._name = name

    def grade(self, task: Task, view: View, predictions: Path) -> Grade:
        if view.key.name.endswith(self._name):
            raise TaskError("E135", "the score of this view is not defined: all answers are negative")
        return super().grade(task, view, predictions)


def test_sealed_rows_that_have_no_score_do_not_cost_the_final_fit(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.grading = OneClass("sealed")
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert end.exit_code == 0
    assert history.sealed is not None
    assert (history.sealed.score, history.sealed.problems) == (
        None,
        ("the score of this view is not defined: all answers are negative",),
    )
    assert history.submission is not None
    assert history.submission.trial == end.winner


def test_a_fresh_partition_without_a_score_confirms_nothing_and_ends_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.grading = OneClass("-seed-1")
    assert bench.open().work().exit_code == 0
    assert not [t for t in bench.log.read(lambda h: h.trials).values() if t.judgement and t.judgement.confirmed]


def test_a_search_fold_without_a_score_is_the_tasks_fault(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.grading = OneClass("fold-1")
    with pytest.raises(TaskError, match="not defined"):
        bench.open().work()


@pytest.mark.parametrize(("workers", "runs"), [(1, []), (2, ["sealed"])])
def test_only_an_idle_worker_predicts_the_sealed_rows_beside_the_final_fit(
    tmp_path: Path, workers: int, runs: list[str]
) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=2, workers=workers))
    run = bench.open()
    run._search()
    seen, running = list[str](), threading.Event()

    def watched(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        seen.append(view_of(workspace))
        running.set()
        return behave(command, workspace, limits)

    bench.sandbox._behaviour = watched
    best, key = bench.log.read(lambda h: h.ranking()[0]), bench.parts.views.sealed_key()
    assert key is not None
    with run._finish._predictor.beside(best, bench.parts.views.build(key)):
        assert running.wait(30 if runs else 0) is bool(runs)  # not only once the body is over
    assert seen == runs
    assert bench.log.read(lambda h: h.sealed) is None
    bench.sandbox._behaviour = behave
    run._finish._seal(best)
    sealed = bench.log.read(lambda h: h.sealed)
    assert sealed is not None
    assert sealed.score is not None


def test_a_person_who_stops_the_sealed_check_can_have_it_later(tmp_path: Path) -> None:
    backend = MemoryJournal()
    bench = Bench(tmp_path, backend=backend, limits=Limits(trials=4))

    def stopped(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        if view_of(workspace) == "sealed":
            bench.parts.activities.stop()
            return FakeResult(outcome=Outcome.STOPPED, exit_code=None)
        return behave(command, workspace, limits)

    bench.sandbox = FakeSandbox(stopped)
    run = bench.open()
    run._search()
    run._finish.work("trials")
    assert bench.log.read(lambda h: h.sealed) is None
    assert "W401" not in {remark.code for _, remark in bench.log.read(lambda h: h.remarks)}
    again = Bench(tmp_path, backend=backend, limits=Limits(trials=4))
    again.open().work()
    sealed = again.log.read(lambda h: h.sealed)
    assert sealed is not None
    assert sealed.score is not None


def test_a_run_that_goes_on_gets_a_blend_of_its_own(tmp_path: Path) -> None:
    backend = MemoryJournal()
    Bench(tmp_path, backend=backend, limits=Limits(trials=5)).open().work()
    more = Bench(tmp_path, backend=backend, limits=Limits(trials=9))
    more.open().work()
    history = more.log.read(lambda h: h)
    blends = [t for t in history.trials.values() if t.operator == "blend"]
    assert [t.key for t in blends] == ["finish/blend", "finish/blend-2"]
    assert not any(set(t.parents) & {b.number for b in blends} for t in history.trials.values())


def test_the_submission_is_written_before_the_seal_is_opened(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.open().work()
    kinds = [event.payload.kind for event in bench.backend.read()]
    last_written = len(kinds) - 1 - kinds[::-1].index(ev.SubmissionWritten.kind)
    assert last_written < kinds.index(ev.SealedOpened.kind)
