"""Runs taken up again with other limits: more time, more or fewer workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.execution import Outcome
from assay.core.trial import TrialState
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.history import History
from assay.journal.memory import MemoryJournal
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.engine import Bench, behave
from support.fakes import script

FOLD_S = 10.0


def timed_bench(folder: Path, backend: JournalBackend, clock: FakeClock, limits: Limits) -> Bench:
    """Return a bench whose executions take ten seconds each."""

    def takes_time(command: Command, workspace: Workspace, bounds: SandboxLimits) -> FakeResult:
        clock.advance(min(FOLD_S, bounds.wall_s))
        if bounds.wall_s < FOLD_S:
            return FakeResult(outcome=Outcome.TIMEOUT, exit_code=None, wall_s=bounds.wall_s)
        return replace(behave(command, workspace, bounds), wall_s=FOLD_S)

    bench = Bench(folder, backend=backend, clock=clock, limits=limits, k=2)
    bench.sandbox = FakeSandbox(takes_time)
    return bench


@pytest.mark.parametrize("wall_s", [505.0, 515.0, 535.0])
def test_a_run_that_ended_by_time_goes_on_with_the_step_it_was_in(tmp_path: Path, wall_s: float) -> None:
    backend, clock = MemoryJournal(), FakeClock()
    first = timed_bench(tmp_path, backend, clock, Limits(wall_s=wall_s))
    assert first.open().work().stopped_by == "time"
    before: History = first.log.pinned(1 << 62)
    assert any(t.operator == "blend" for t in before.trials.values()), "a resumed run must not stumble over it"
    cut = [t for t in before.trials.values() if t.state is TrialState.STOPPED]
    assert cut, "the limit fell into a step"
    assert all(before.questions[f"step-{t.step:04d}/{t.operator}"].answer for t in cut)

    second = timed_bench(tmp_path, backend, clock, Limits(wall_s=wall_s + 600.0))
    assert second.open().work().exit_code == 0
    after: History = second.log.pinned(1 << 62)
    assert {after.trials[t.number].state for t in cut} == {TrialState.COMPLETE}
    assert len(after.steps) > len(before.steps)
    asked: list[Any] = [request.inputs for request in second.model.requests]
    assert asked
    assert not any(row.operator == "blend" for inputs in asked for row in inputs.brief.history)
    again = {request.key for request in first.model.requests} & {request.key for request in second.model.requests}
    assert not again, "answers were paid for"


def test_a_step_sees_neither_the_sealed_score_nor_the_end_of_an_earlier_finish(tmp_path: Path) -> None:
    backend = MemoryJournal()
    assert Bench(tmp_path, backend=backend, limits=Limits(trials=4)).open().work().exit_code == 0
    seen: list[History] = []

    class Look:
        def run(self, session: Session) -> None:
            session.steps(lambda step: seen.append(step.history) or "", start=4, stop=5)

    Bench(tmp_path, backend=backend, limits=Limits(trials=5), strategy=Look()).open()._search()
    (history,) = seen
    assert {t.key for t in history.trials.values()} == {f"step-{n:04d}/trial" for n in range(4)}
    assert (history.sealed, history.finished) == (None, None)


@pytest.mark.parametrize(("workers", "then"), [(1, 2), (2, 1), (3, 1)])
def test_a_step_taken_up_again_sees_what_it_saw_with_another_number_of_workers(
    tmp_path: Path, workers: int, then: int
) -> None:
    backend = MemoryJournal()
    seen: list[dict[int, tuple[set[int], int, int]]] = []

    class Unfinished:
        def __init__(self, until: int) -> None:
            self._until = until

        def run(self, session: Session) -> None:
            places: dict[int, tuple[set[int], int, int]] = {}
            seen.append(places)

            def step(step: Step) -> str:
                known = {t.step for t in step.history.trials.values() if t.step is not None}
                places[step.number] = (known, step.lane, step.lanes)
                if step.number >= self._until:
                    raise KeyError(step.number)
                step.evaluate("trial", script(score=1.0 + step.number))
                return ""

            session.steps(step, stop=8)

    with pytest.raises(KeyError):
        Bench(tmp_path, backend=backend, limits=Limits(workers=workers), strategy=Unfinished(5)).open()._search()
    Bench(tmp_path, backend=backend, limits=Limits(workers=then), strategy=Unfinished(99)).open()._search()
    begun = set(seen[0]) & set(seen[1])
    assert begun
    assert {n: seen[0][n] for n in begun} == {n: seen[1][n] for n in begun}
    assert seen[1][7][2] == then + then // 2, "a step that had not begun goes by the new number"


def test_a_step_taken_up_again_does_what_it_did_with_another_bound_on_trials(tmp_path: Path) -> None:
    whole = Bench(tmp_path, limits=Limits(trials=5))
    whole.open().work()
    events = list(whole.backend.read())
    (at,) = [
        e.number for e in events if isinstance(e.payload, ev.Answered) and e.payload.key.startswith("step-0003/improve")
    ]
    again = Bench(tmp_path, limits=Limits(trials=14), backend=MemoryJournal(events[: at + 1]))
    assert again.open().work().exit_code == 0
    assert not [request.key for request in again.model.requests if request.key < "step-0004"]
    trial = again.log.read(lambda history: history.trial_by_key("step-0003/trial"))
    assert trial is not None
    assert trial.operator == "improve"


def test_a_trial_goes_on_with_the_candidate_that_the_journal_keeps(tmp_path: Path) -> None:
    backend = MemoryJournal()

    class Evaluate:
        def __init__(self, score: float) -> None:
            self._score = score

        def run(self, session: Session) -> None:
            session.create("t", script(score=1.0), history=session.view())
            session.evaluate("t", script(score=self._score))

    bench = Bench(tmp_path, backend=backend, strategy=Evaluate(5.0))
    bench.open()._search()
    (trial,) = bench.log.read(lambda history: list(history.trials.values()))
    assert trial.score == pytest.approx(1.0, abs=0.1)


def test_several_candidates_of_a_step_are_numbered_in_their_order(tmp_path: Path) -> None:
    names = [f"variant-{letter}" for letter in "hgfedcba"]

    class Variants:
        def run(self, session: Session) -> None:
            def step(step: Step) -> str:
                step.evaluate_all({name: script(score=1.0 + i) for i, name in enumerate(names)}, counts=False)
                return ""

            session.steps(step, stop=1)

    bench = Bench(tmp_path, limits=Limits(workers=4), strategy=Variants())
    bench.open()._search()
    created = [e.payload.key for e in bench.backend.read() if isinstance(e.payload, ev.TrialCreated)]
    assert created == [f"step-0000/{name}" for name in names]
