"""Cold or warm, killed or not: the same seed gives the same trials, scores, verdicts and winner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.journal import events as ev
from assay.journal.checkpoint import HistoryFile
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.sandbox import open_sandbox
from assay.sandbox.base import Sandbox
from support.dying import DyingJournal, Killed
from support.engine import Bench, table
from support.warm_bench import PatientPool, real_bench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LIMITS = Limits(trials=5)
"""Both baselines and some drafts: repairs are walked where every event is tried."""
APART = 70
"""Events from one kill to the next: of the usual start, every event is tried elsewhere."""


@dataclass
class Ended:
    """A run that nobody disturbed."""

    bench: Bench
    rows: dict[str, tuple[Any, ...]]
    winner: int | None


def ended(bench: Bench) -> Ended:
    try:
        end = bench.open().work()
    finally:
        if bench.warm is not None:
            bench.warm.close()
    return Ended(bench=bench, rows=table(bench.log), winner=end.winner)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    opened = open_sandbox("auto")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def warm(memory_folder: Path, sandbox: Sandbox) -> Ended:
    folder = memory_folder / "warm"
    return ended(real_bench(folder, sandbox, LIMITS, FileJournal(folder / "events.jsonl"), warm=True))


def test_a_warm_run_is_that_of_a_cold_one(memory_folder: Path, sandbox: Sandbox, warm: Ended) -> None:
    folder = memory_folder / "cold"
    cold = ended(real_bench(folder, sandbox, LIMITS, FileJournal(folder / "events.jsonl"), warm=False))
    assert warm.rows == cold.rows
    assert warm.winner == cold.winner is not None
    pool = warm.bench.warm
    assert isinstance(pool, PatientPool)
    assert pool.given, "no script was handed over"
    states = Counter(row[2] for row in warm.rows.values())
    assert states["complete"] >= len(states) + 3


def test_a_warm_run_killed_now_and_then_resumes_to_the_same_table(
    memory_folder: Path, sandbox: Sandbox, warm: Ended
) -> None:
    last = warm.bench.log.read(lambda history: history.last)
    assert last is not None
    for at in range(APART // 2, last.number, APART):
        folder = memory_folder / f"killed-{at}"
        path = folder / "events.jsonl"
        first = real_bench(folder, sandbox, LIMITS, DyingJournal(path, at, 40), warm=True)
        with pytest.raises(Killed):
            ended(first)
        # Half of it is taken from a checkpoint, as that of a long run would be.
        HistoryFile(folder).write(History(FileJournal(path).read()[: at // 2 + 1]))
        second = real_bench(folder, sandbox, LIMITS, FileJournal(path), warm=True)
        second.known = HistoryFile(folder).read()
        again = ended(second)
        assert (again.rows, again.winner) == (warm.rows, warm.winner), f"killed at event {at}"
        starts = Counter(
            (event.payload.code, event.payload.view, event.payload.seed)
            for event in FileJournal(path).read()
            if isinstance(event.payload, ev.AttemptStarted)
        )
        assert sum(starts.values()) - len(starts) <= 1, (
            f"killed at event {at}: more than what was under way was repeated"
        )
