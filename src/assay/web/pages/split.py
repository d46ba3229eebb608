"""Split: which rows are learned from and which are asked for, fold by fold, with the sealed rows apart."""

from __future__ import annotations

from typing import Any

from assay.core.task import SplitKind, Task
from assay.core.view import ViewKey, ViewKind
from assay.data.view_files import ViewPlace
from assay.report.setting import split_words
from assay.web import told
from assay.web.view import RunView

_NOTES = {
    SplitKind.TIME: "Each fold is asked about rows later than those it learned from.",
    SplitKind.FORECAST: "Each fold is asked about the last steps of every series, one origin earlier each.",
    SplitKind.GROUP: "Rows of one group are never on both sides.",
    SplitKind.COLUMN: "The data name the fold of each row.",
    SplitKind.PREPARED: "Your own prepare made the rows.",
    SplitKind.HOLDOUT: "One random share of the rows is asked for.",
}


def split(run: RunView) -> dict[str, Any]:
    """Return the folds with their rows, the sealed rows and the final fit, as far as they were built or graded."""
    task = run.history.task
    keys = [ViewKey(kind=ViewKind.FOLD, fold=fold, row_cap=task.row_cap) for fold in range(task.split.k)]
    folds = [_rows(run, task, key) for key in keys]
    return {
        "kind": str(task.split.kind),
        "words": split_words(task),
        "note": _NOTES.get(task.split.kind, ""),
        "column": task.split.column or "",
        "in_order": task.split.kind in (SplitKind.TIME, SplitKind.FORECAST),
        "folds": folds,
        "sealed": _rows(run, task, ViewKey(kind=ViewKind.SEALED)) if task.holdout.fraction else None,
        "final": _rows(run, task, ViewKey(kind=ViewKind.FINAL)),
        "cap": told.count(task.row_cap, "row"),
        "known": any(fold["test"]["value"] for fold in folds),
    }


def _rows(run: RunView, task: Task, key: ViewKey) -> dict[str, Any]:
    """Return how many rows a view shows; asked ones also from what was graded, where the view is no longer there."""
    place = ViewPlace(root=run.folder / "views", private=run.folder / "private")
    known = place.rows(key, task)
    train, test = known if known is not None else (None, _graded(run, key.name))
    return {
        "name": key.name,
        "train": {"value": train, "text": "" if train is None else f"{train:,}"},
        "test": {"value": test, "text": "" if test is None else f"{test:,}"},
    }


def _graded(run: RunView, view: str) -> int | None:
    if view == ViewKind.SEALED:
        opened = run.history.sealed
        return opened.score.rows if opened is not None and opened.score is not None else None
    for trial in (run.facts.winner, run.facts.baseline):
        for measured in run.facts.scored(trial) if trial is not None else ():
            if measured.view == view and measured.score is not None:
                return measured.score.rows
    return None
