"""The crash test: the writer is killed at every event, with three torn tails, and the run is taken up again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.journal.file import FileJournal
from support.dying import DyingJournal, Killed, effects
from support.engine import Bench, table

LIMITS = Limits(trials=8)
"""Enough for both baselines, a draft that needs a repair, improvements and an ablation."""


@pytest.fixture(scope="module")
def undisturbed(memory_folder: Path) -> Bench:
    folder = memory_folder / "undisturbed"
    bench = Bench(folder, limits=LIMITS, k=2, backend=FileJournal(folder / "events.jsonl"))
    bench.open().work()
    return bench


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tear", [0, 1, 60])
def test_a_run_killed_at_any_event_resumes_to_the_same_table(
    undisturbed: Bench, memory_folder: Path, tear: int
) -> None:
    whole = undisturbed.log.read(lambda history: history.last)
    assert whole is not None
    expected = table(undisturbed.log)
    starts = sum(effects(undisturbed).values())
    for at in range(1, whole.number + 1):
        folder = memory_folder / f"{tear}-{at}"
        path = folder / "events.jsonl"
        first = Bench(folder, limits=LIMITS, k=2, backend=DyingJournal(path, at, tear))
        with pytest.raises(Killed):
            first.open().work()
        second = Bench(folder, limits=LIMITS, k=2, backend=FileJournal(path))
        end = second.open().work()
        assert table(second.log) == expected, f"killed at event {at}"
        assert end.winner == undisturbed.log.read(lambda history: history.finished).winner  # type: ignore[union-attr]
        repeated = sum(effects(first).values()) + sum(effects(second).values()) - starts
        assert repeated <= 1, f"killed at event {at}: {repeated} effects were repeated"
        shutil.rmtree(folder)


def test_the_undisturbed_run_walks_every_path(undisturbed: Bench) -> None:
    history = undisturbed.log.read(lambda h: h)
    assert {t.operator for t in history.trials.values()} == {"baseline", "draft", "improve", "ablate", "blend"}
    assert any(t.repairs for t in history.trials.values())
    assert history.sealed is not None
    assert history.submission is not None
