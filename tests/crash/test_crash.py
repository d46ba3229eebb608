"""The crash test: the writer is killed at every event, with a torn tail, and the run is taken up again."""

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
RESEEDS = 2
"""As few as give a noise floor: each further one has the events of the others, and every event is a run here."""
PARTS = 2
"""Tests that the events are dealt out to, for machines with several cores."""


@pytest.fixture(scope="module")
def undisturbed(memory_folder: Path) -> Bench:
    folder = memory_folder / "undisturbed"
    bench = Bench(folder, limits=LIMITS, k=2, reseeds=RESEEDS, backend=FileJournal(folder / "events.jsonl"))
    bench.open().work()
    return bench


TEARS = (0, 1, 60)
"""Bytes of the event's line that reach the disk; all read the same, so each event is taken up after one of them."""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_run_killed_at_any_event_resumes_to_the_same_table(
    undisturbed: Bench, memory_folder: Path, part: int
) -> None:
    whole = undisturbed.log.read(lambda history: history.last)
    assert whole is not None
    for at in range(1 + part, whole.number + 1, PARTS):
        folder = memory_folder / f"killed-{at}"
        path = folder / "events.jsonl"
        first = Bench(folder, limits=LIMITS, k=2, reseeds=RESEEDS, backend=DyingJournal(path, at, max(TEARS)))
        with pytest.raises(Killed):
            first.open().work()
        tear = _tear(path, at)
        _must_end_as(undisturbed, first, folder, f"killed at event {at}, {tear} bytes of it written")
        shutil.rmtree(folder)


def _tear(path: Path, at: int) -> int:
    """Tear off the end of event `at` in each way, which reads as if it had never been; return the way it is left in."""
    written = path.read_bytes()
    lengths = [*TEARS[at % len(TEARS) + 1 :], *TEARS[: at % len(TEARS) + 1]]
    for tear in lengths:
        path.write_bytes(written[: len(written) - max(TEARS) + tear])
        assert [event.number for event in FileJournal(path).read()] == list(range(at))
    return lengths[-1]


def _must_end_as(undisturbed: Bench, first: Bench, folder: Path, when: str) -> None:
    """Take the run in `folder` up again, and compare its end with that of the run that nobody disturbed."""
    second = Bench(folder, limits=LIMITS, k=2, reseeds=RESEEDS, backend=FileJournal(folder / "events.jsonl"))
    end = second.open().work()
    assert table(second.log) == table(undisturbed.log), when
    assert end.winner == undisturbed.log.read(lambda history: history.finished).winner, when  # type: ignore[union-attr]
    repeated = _effects(first) + _effects(second) - _effects(undisturbed)
    assert repeated <= 1, f"{when}: {repeated} effects were repeated"


def _effects(bench: Bench) -> int:
    return sum(effects(bench).values())


def test_the_undisturbed_run_walks_every_path(undisturbed: Bench) -> None:
    history = undisturbed.log.read(lambda h: h)
    assert {t.operator for t in history.trials.values()} == {"baseline", "draft", "improve", "ablate", "blend"}
    assert any(t.repairs for t in history.trials.values())
    assert history.sealed is not None
    assert history.submission is not None
