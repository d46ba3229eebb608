"""The crash test of `mle_star`: killed at any event, then taken up; and with its paths side by side."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.file import FileJournal
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.strategies.star.options import StarOptions
from assay.strategies.star.strategy import MleStar
from support.dying import DyingJournal, Killed
from support.engine import Bench, table
from support.star import answer

OPTIONS = StarOptions(models=2, outer=1, inner=2, paths=2, rounds=1)
"""Every phase, on two paths."""
EVERY = 17
"""Events between two crashes; the tears are those of the other strategy's test, which every event of it meets."""


def bench(folder: Path, **fields: Any) -> Bench:
    return Bench(folder, strategy=MleStar(OPTIONS), answers=answer, limits=Limits(workers=2), k=2, reseeds=2, **fields)


def rows(made: Bench) -> dict[str, tuple[Any, ...]]:
    """Return the trials by key; what the finish made is named after numbers, which depend on the faster thread."""
    return {key: row[1:5] for key, row in table(made.log).items() if not key.startswith("finish/")}


@pytest.fixture(scope="module")
def undisturbed(memory_folder: Path) -> Bench:
    folder = memory_folder / "star"
    made = bench(folder, backend=FileJournal(folder / "events.jsonl"))
    made.open().work()
    return made


# A fake process that is killed goes on in its thread, and finds its workspace gone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_at_any_event_asks_nothing_twice_and_ends_the_same(
    undisturbed: Bench, memory_folder: Path
) -> None:
    last = undisturbed.log.read(lambda history: history.last)
    assert last is not None
    expected = rows(undisturbed)
    # With two workers the number of events is not the same each time, so the last few are left out.
    for at in range(3, last.number - EVERY, EVERY):
        folder = memory_folder / f"star-{at}"
        path = folder / "events.jsonl"
        first = bench(folder, backend=DyingJournal(path, at, at % 3))
        with pytest.raises(Killed):
            first.open().work()
        answered = {e.payload.key for e in FileJournal(path).read() if isinstance(e.payload, ev.Answered)}
        second = bench(folder, backend=FileJournal(path))
        assert second.open().work().exit_code == 0, f"killed at event {at}"
        assert rows(second) == expected, f"killed at event {at}"
        assert not answered & {request.key for request in second.model.requests}, f"killed at event {at}: asked twice"
        winner = second.log.read(lambda history: history.finished)
        assert winner is not None
        assert _winner(second) == _winner(undisturbed), f"killed at event {at}"
        shutil.rmtree(folder)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sizes_fitted_to_the_time_and_phases_without_an_end_are_noted_once_wherever_it_is_killed(
    memory_folder: Path,
) -> None:
    """Time runs with every answer, and is too short for all of it."""

    def opened(folder: Path, clock: FakeClock, backend: JournalBackend) -> Bench:
        def slowly(request: Request[Any]) -> Scripted:
            clock.advance(9.0)
            return answer(request)

        limits = Limits(workers=2, wall_s=400.0)
        return Bench(
            folder, strategy=MleStar(OPTIONS), answers=slowly, limits=limits, k=2, clock=clock, backend=backend
        )

    whole = opened(memory_folder / "timed", FakeClock(), FileJournal(memory_folder / "timed" / "events.jsonl"))
    whole.open().work()
    last = whole.log.read(lambda history: history.last)
    assert last is not None
    for at in range(7, last.number - EVERY, 2 * EVERY):
        folder, clock = memory_folder / f"timed-{at}", FakeClock()
        path = folder / "events.jsonl"
        with pytest.raises(Killed):
            opened(folder, clock, DyingJournal(path, at, at % 3)).open().work()
        answered = {e.payload.key for e in FileJournal(path).read() if isinstance(e.payload, ev.Answered)}
        clock.advance(1_000.0)
        second = opened(folder, clock, FileJournal(path))
        assert second.open().work().exit_code == 0, f"killed at event {at}"
        assert not answered & {request.key for request in second.model.requests}, f"killed at event {at}: asked twice"
        notes = [e.payload.key for e in FileJournal(path).read() if isinstance(e.payload, ev.Noted)]
        assert len(notes) == len(set(notes)), f"killed at event {at}: noted twice"
        begun = {key.rpartition("/")[0] for key in notes if key.startswith("phase/") and key.endswith("/begun")}
        over = {key.rpartition("/")[0] for key in notes if key.endswith(("/ended", "/cut"))}
        assert begun <= over, f"killed at event {at}: a phase has no end"
        assert {f"phase/step-{5:04d}/{name}" for name in ("finalize", "validate")} <= over
        shutil.rmtree(folder)


def _winner(made: Bench) -> tuple[str, float | None]:
    history = made.log.read(lambda h: h)
    assert history.finished is not None
    assert history.finished.winner is not None
    trial = history.trials[history.finished.winner]
    return trial.operator, trial.score
