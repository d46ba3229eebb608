"""The crash test with several workers, before the crash, after it, or both."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.file import FileJournal
from support.dying import DyingJournal, Killed
from support.engine import Bench, table

TRIALS = 6
EVERY = 9
"""Events between two crashes: with several workers, the order of events is another each time anyway."""


def limits(workers: int) -> Limits:
    return Limits(trials=TRIALS, workers=workers)


def scores(bench: Bench) -> dict[str, tuple[Any, ...]]:
    """Return what the search made by key; numbers, and what names them, depend on which step was faster."""
    return {key: row[1:5] for key, row in table(bench.log).items() if not key.startswith("finish/")}


def repeated(first: Bench, second: Bench) -> int:
    """Return how many questions were put and scripts were started a second time."""
    started = Counter(
        (p.code, p.view, p.seed) for p in (e.payload for e in second.backend.read()) if isinstance(p, ev.AttemptStarted)
    )
    asked = {request.key for request in first.model.requests} & {request.key for request in second.model.requests}
    return len(asked) + sum(count - 1 for count in started.values())


# A fake process that is killed goes on in its thread, and finds its workspace gone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("workers", "then"), [(2, 2), (1, 2), (2, 1)])
def test_a_run_killed_with_some_workers_goes_on_with_as_many_more_or_fewer(
    memory_folder: Path, workers: int, then: int
) -> None:
    folder = memory_folder / f"whole-{workers}-{then}"
    whole = Bench(folder, limits=limits(workers), k=2, reseeds=2, backend=FileJournal(folder / "events.jsonl"))
    whole.open().work()
    last = whole.log.read(lambda history: history.last)
    assert last is not None
    # The number of events is not the same each time, so the last few are left out.
    for at in range(3, last.number - 2 * EVERY, EVERY):
        folder = memory_folder / f"{workers}-{then}-{at}"
        path = folder / "events.jsonl"
        first = Bench(folder, limits=limits(workers), k=2, reseeds=2, backend=DyingJournal(path, at, 0))
        with pytest.raises(Killed):
            first.open().work()
        second = Bench(folder, limits=limits(then), k=2, reseeds=2, backend=FileJournal(path))
        assert second.open().work().exit_code == 0, f"killed at event {at}"
        history = second.log.read(lambda h: h)
        assert sorted(history.steps) == list(range(TRIALS))
        assert not [t for t in history.trials.values() if t.state is TrialState.STOPPED]
        if workers == then:
            assert scores(second) == scores(whole), f"killed at event {at}"
        assert repeated(first, second) <= 2 * workers, f"killed at event {at}: more was repeated than was under way"
        shutil.rmtree(folder)
