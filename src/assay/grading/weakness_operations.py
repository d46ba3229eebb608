"""The grading process's side of weaknesses: load stored files, weigh the rows' losses, tell sums over many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.codec import decode, encode
from assay.core.errors import TaskError
from assay.core.weakness import Weakness, Weaknesses
from assay.data.cells import as_text
from assay.data.tables import read_table, typed
from assay.grading.answers import Answers, answers_of, any_columns, join
from assay.grading.arrays import Floats
from assay.grading.grading_task import GradingTask
from assay.grading.names import Names
from assay.grading.predictions import Rejected
from assay.grading.row_losses import RowLosses, row_losses
from assay.grading.segments import correlations, together, weakness
from assay.grading.validate import validate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """One view with its answers, and its rows as candidates see them."""

    name: str
    answers: Answers
    frame: pd.DataFrame | None


def weaknesses(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return where each member is wrong, and how alike their errors are; members that cannot be read are left out."""
    asked = decode(GradingTask, request["task"])
    views = [_open_view(asked, view) for view in request["views"]]
    frame = _stacked(views)
    found: dict[int, Weakness] = {}
    errors: dict[int, Floats] = {}
    for number, files in request["members"].items():
        try:
            rows = together([_losses(asked, view, Path(files[view.name])) for view in views])
        except (Rejected, TaskError):
            continue
        found[int(number)] = weakness(rows, frame, folds=len(views))
        errors[int(number)] = rows.error
    alike = correlations(errors)
    return {"weaknesses": encode(Weaknesses(trials=tuple(found), found=tuple(found.values()), alike=alike))}


def _open_view(asked: GradingTask, view: Mapping[str, Any]) -> _Opened:
    answers = answers_of(asked, view)
    return _Opened(name=view["name"], answers=answers, frame=_rows(asked, view, answers))


def _losses(asked: GradingTask, view: _Opened, path: Path) -> RowLosses:
    predictions = view.answers.narrowed(validate(path, any_columns(view.answers.expected, path)))
    return row_losses(asked.metric, join(asked, view.answers, predictions))


def _rows(asked: GradingTask, view: Mapping[str, Any], answers: Answers) -> pd.DataFrame | None:
    """Return the rows of the view's test file in the order of the answers; None where they cannot be matched."""
    if not view.get("test"):
        return None
    table = read_table(Path(view["test"]))
    frame, barred = typed(table), {asked.id_column, *asked.targets}
    shown = frame[[name for name in frame.columns if name not in barred]]
    ids = answers.expected.ids
    if ids is not None and answers.place is not None:
        ids = tuple(ids[at] for at in answers.place)
    if ids is None or asked.id_column not in table.frame.columns:
        return shown if answers.place is None and len(shown) == answers.table.rows else None
    find = Names(tuple(as_text(table.frame[asked.id_column]))).find
    places = [find(text) for text in ids]
    return None if None in places else shown.iloc[places]


def _stacked(views: list[_Opened]) -> pd.DataFrame | None:
    import pandas as pd

    frames = [view.frame for view in views if view.frame is not None]
    return pd.concat(frames, ignore_index=True) if frames and len(frames) == len(views) else None
