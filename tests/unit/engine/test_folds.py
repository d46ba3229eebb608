"""The folds of one candidate: the first by itself, then as many at a time as there are workers."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.trial import TrialState
from assay.engine.session import Session
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.engine import Bench, behave
from support.fakes import script


class OneTrial:
    """A strategy that evaluates one candidate."""

    def __init__(self, **wish: object) -> None:
        self.wish = wish

    def run(self, session: Session) -> None:
        session.evaluate("only", script(**self.wish))


class Watched:
    """A sandbox that notes which views run beside which; the views in `together` wait for each other."""

    def __init__(self, *together: str) -> None:
        self.order: list[str] = []
        self._together = set(together)
        self._meeting = threading.Barrier(len(together)) if together else None

    def __call__(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        view = (workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8")
        self.order.append(view)
        if self._meeting is not None and view in self._together:
            self._meeting.wait(timeout=30)
        return behave(command, workspace, limits)


def searched(bench: Bench, watched: Watched) -> None:
    bench.sandbox = FakeSandbox(watched)
    bench.open()._search()


def test_two_folds_of_one_candidate_run_at_a_time(tmp_path: Path) -> None:
    watched = Watched("fold-1", "fold-2")
    bench = Bench(tmp_path, limits=Limits(workers=2), strategy=OneTrial(score=1.0), k=4)
    searched(bench, watched)
    assert watched.order[0] == "fold-0"
    assert watched.order[3] == "fold-3"
    trial = bench.log.read(lambda h: h.trials[0])
    assert list(trial.scores) == ["fold-0", "fold-1", "fold-2", "fold-3"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_candidate_that_fails_at_once_runs_on_one_fold_alone(tmp_path: Path, workers: int) -> None:
    watched = Watched()
    bench = Bench(tmp_path, limits=Limits(workers=workers), strategy=OneTrial(fail="ValueError: x"), max_repairs=0)
    searched(bench, watched)
    assert watched.order == ["fold-0"]


def test_no_fold_is_started_that_cannot_end_before_the_search_does(tmp_path: Path) -> None:
    order = []

    def slow(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        order.append((workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8"))
        bench.clock.sleep(45.0)
        return replace(behave(command, workspace, limits), wall_s=45.0)

    bench = Bench(tmp_path, limits=Limits(workers=1, wall_s=100.0), strategy=OneTrial(score=1.0))
    bench.sandbox = FakeSandbox(slow)
    bench.open()._search()
    trial = bench.log.read(lambda h: h.trials[0])
    assert [name for name in order if name.startswith("fold")] == ["fold-0"]
    assert (trial.state, trial.folds) == (TrialState.COMPLETE, 1)
    assert trial.reason == "no time for another fold"
