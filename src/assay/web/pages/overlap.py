"""Overlap: how alike the errors of trials are, row by row, from their stored predictions and the private answers.

The grading process alone reads labels and predictions; what comes back are sums over many rows, as for the questions
that a run puts to its models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assay.core.errors import IntegrityError
from assay.core.view import View, ViewKey, ViewKind
from assay.data.view_files import ViewPlace
from assay.journal.history import Trial
from assay.report.prose import clean_line
from assay.web import told
from assay.web.slow_answers import look
from assay.web.view import RunView

_MOST_SEGMENTS = 8


def overlap(run: RunView, chosen: Sequence[Trial], *, asked: bool, wait: bool = False) -> dict[str, Any]:
    """Return how alike the errors of `chosen` are, or why that cannot be told.

    Args:
        run: The run.
        chosen: At least one trial.
        asked: Whether to work it out; else it is only said whether it could be.
        wait: Return only when it is known.
    """
    if len(chosen) < 2:
        return {"state": "none", "why": "one trial alone overlaps with nobody"}
    views, files = _stored(run, chosen)
    if not views:
        return {"state": "none", "why": _why(run, chosen)}
    key = "overlap " + ",".join(str(trial.number) for trial in chosen) + f" {len(views)}"
    known = run.cache.get("looks")
    if not asked and not (isinstance(known, dict) and key in known):
        return {"state": "idle", "folds": len(views)}
    task = run.history.task
    return look(run.cache, key, lambda: _compared(task, views, files), wait=wait)


def _why(run: RunView, chosen: Sequence[Trial]) -> str:
    bare = [trial for trial in chosen if not _predictions(run, trial)]
    blends = ", ".join(f"#{trial.number}" for trial in bare if trial.operator == "blend")
    others = ", ".join(f"#{trial.number}" for trial in bare if trial.operator != "blend")
    if blends:
        return f"{blends} is a blend, which stores no predictions of its own: compare its members"
    if others:
        return f"there are no stored predictions of {others} in the run folder"
    return "the hidden answers of the folds are no longer in the run folder"


def _stored(run: RunView, chosen: Sequence[Trial]) -> tuple[list[View], dict[int, dict[str, Path]]]:
    """Return the folds on which every trial has stored predictions, and where these are."""
    task = run.history.task
    place = ViewPlace(root=run.folder / "views", private=run.folder / "private")
    predictions = {trial.number: _predictions(run, trial) for trial in chosen}
    shared = [view for view in chosen[0].scores if all(view in files for files in predictions.values())]
    views = []
    for fold in range(task.split.k):
        key = ViewKey(kind=ViewKind.FOLD, fold=fold, row_cap=task.row_cap)
        if key.name not in shared:
            continue
        try:
            view = place.load(key, task)
        except (IntegrityError, OSError):
            continue
        if view is not None and view.answers is not None:
            views.append(view)
    names = {view.key.name for view in views}
    files = {
        number: {name: path for name, path in known.items() if name in names} for number, known in predictions.items()
    }
    return views, files


def _predictions(run: RunView, trial: Trial) -> dict[str, Path]:
    """Return the stored predictions of a trial by fold; those of equal code that another trial ran are its own."""
    found: dict[str, Path] = {}
    candidate = run.facts.candidate(trial)
    for view in trial.scores if candidate is not None else ():
        measured = run.history.measurement(candidate.digest, view) if candidate is not None else None
        if measured is None or measured.score is None or measured.execution is None:
            continue
        digest = measured.execution.outputs.get(run.history.task.output.file)
        if digest is not None:
            with suppress(IntegrityError):
                found[view] = run.objects.path(digest)
    return found


def _compared(task: Any, views: Sequence[View], files: Mapping[int, Mapping[str, Path]]) -> dict[str, Any]:
    from assay.grading.service import Grader

    with Grader() as grader:
        found = grader.weaknesses(task, views, files)
    if found is None:
        return {"alike": [], "trials": [], "why": "the metric of this task says nothing of single rows"}
    return {
        "folds": len(views),
        "alike": [
            {"one": one, "other": other, "value": value, "text": f"{value:.2f}"} for one, other, value in found.alike
        ],
        "trials": [
            {
                "trial": number,
                "measure": weakness.measure,
                "rows": told.count(weakness.rows, "row"),
                "loss": told.score(weakness.loss),
                "segments": [
                    {
                        "by": clean_line(part.by, 60),
                        "name": clean_line(part.name, 60),
                        "rows": told.count(part.rows),
                        "loss": told.score(part.loss),
                        "share": told.share(part.share),
                    }
                    for part in weakness.segments[:_MOST_SEGMENTS]
                ],
            }
            for number, weakness in zip(found.trials, found.found, strict=True)
        ],
        "why": "",
    }
