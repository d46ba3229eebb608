"""The crash test of the notebook strategies: killed at any event, then taken up where they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.engine.run import Strategy
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.file import FileJournal
from assay.strategies.notebook.options import NotebookOptions, ReviewOptions
from assay.strategies.notebook.record import iterations_of, rounds_of
from assay.strategies.notebook.review import NotebookReview
from assay.strategies.notebook.strategy import NotebookSearch
from support.dying import DyingJournal, Killed
from support.engine import Bench, table
from support.notebook_bench import answers, base_notebook, bench, cells, critique, wish

EVERY = 11
"""Events between two crashes; tears of all lengths are the other strategies' test."""
SCORES = (1.8, 2.4, 1.6)


def generating(folder: Path) -> Strategy:
    del folder
    return NotebookSearch(NotebookOptions(max_iterations=2, baselines=False))


def reviewing(folder: Path) -> Strategy:
    return NotebookReview(ReviewOptions(max_iterations=3, source=str(base_notebook(folder / "own.ipynb"))))


def opened(folder: Path, make: Callable[[Path], Strategy], backend: JournalBackend) -> Bench:
    folder.mkdir(parents=True, exist_ok=True)

    def review(request: Any) -> Any:
        return critique({"novel": wish("novel", score=SCORES[request.inputs.round - 1])}, focus="T2")

    answer = answers(lambda request: cells(2.0 - 0.1 * request.inputs.iteration), review)  # type: ignore[attr-defined]
    return bench(folder, make(folder), answer, backend=backend, k=2)


def outcome(made: Bench) -> tuple[Any, ...]:
    history = made.log.read(lambda known: known)
    return (
        {key: row[1:5] for key, row in table(made.log).items()},
        [(one.number, one.status, one.trial, one.candidate) for one in iterations_of(history)],
        [(one.number, one.verdict, one.trial, one.next, one.delta, one.graph) for one in rounds_of(history)],
        {key: value for key, value in history.notes.items() if key.startswith("notebook/")},
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("make", [generating, reviewing])
def test_a_run_killed_at_any_event_asks_nothing_twice_and_ends_the_same(
    make: Callable[[Path], Strategy], memory_folder: Path
) -> None:
    whole = memory_folder / f"whole-{make.__name__}"
    undisturbed = opened(whole, make, FileJournal(whole / "events.jsonl"))
    undisturbed.open().work()
    expected = outcome(undisturbed)
    last = undisturbed.log.read(lambda history: history.last)
    assert last is not None
    for at in range(2, last.number, EVERY):
        # The same place each time: where a notebook came from is part of what is compared.
        folder = memory_folder / f"killed-{make.__name__}"
        path = folder / "events.jsonl"
        with pytest.raises(Killed):
            opened(folder, make, DyingJournal(path, at, at % 3)).open().work()
        answered = {e.payload.key for e in FileJournal(path).read() if isinstance(e.payload, ev.Answered)}
        second = opened(folder, make, FileJournal(path))
        assert second.open().work().exit_code == 0, f"killed at event {at}"
        assert _plain(outcome(second)) == _plain(expected), f"killed at event {at}"
        assert not answered & {request.key for request in second.model.requests}, f"killed at event {at}: asked twice"
        shutil.rmtree(folder)


def _plain(found: tuple[Any, ...]) -> str:
    """Return what must be equal, whatever the folder's name is and in whatever order JSON came back."""
    return json.dumps(found, sort_keys=True).replace("/killed-", "/").replace("/whole-", "/")
