"""What the grading process can be asked: each takes and returns JSON values. Runs in the fork of the worker only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from assay.core.codec import decode, encode
from assay.core.errors import TaskError
from assay.grading import blend_operations, weakness_operations
from assay.grading.answers import Answers, answers_of, any_columns, expected_of, join
from assay.grading.arrays import Array
from assay.grading.grade import PredictionStats
from assay.grading.grading_task import GradingTask
from assay.grading.interval import bootstrap
from assay.grading.metrics import NoValue, compute
from assay.grading.names import plain_number
from assay.grading.own_metric import own_value
from assay.grading.predictions import Predictions, Rejected
from assay.grading.self_test import scores_its_answers
from assay.grading.validate import validate

Reply = dict[str, Any]
Tell = Callable[[str], None]
"""Called with the phase that begins: who is at fault if the process dies in it."""


def grade(request: Mapping[str, Any], tell: Tell) -> Reply:
    """Return the score, with an interval if `seed` is given."""
    asked, answers, predictions = _opened(request)
    if asked.grader is not None:
        tell("grader")
        value = own_value(Path(asked.grader), predictions.table, Path(request["answers"]))
        return {"value": value, "rows": answers.table.rows}
    pairs = join(asked, answers, predictions)
    try:
        value = compute(asked.metric, pairs)
    except NoValue as absent:
        if absent.by_predictions:
            raise Rejected([absent.reason]) from absent
        raise TaskError("E135", f"the score of this view is not defined: {absent.reason}") from absent
    reply: Reply = {"value": value, "rows": pairs.rows}
    if request.get("seed") is not None:
        interval = bootstrap(asked.metric, pairs, seed=int(request["seed"]))
        if interval is not None:
            reply |= {"low": interval.low, "high": interval.high, "std_error": interval.std_error}
    return reply


def self_test(request: Mapping[str, Any], tell: Tell) -> Reply:
    """Return whether the user's own metric gives the answers themselves a score."""
    asked = decode(GradingTask, request["task"])
    answers = answers_of(asked, request)
    tell("grader")
    return {"sound": scores_its_answers(asked, answers, Path(request["answers"]))}


def check(request: Mapping[str, Any], tell: Tell) -> Reply:
    """Return nothing if the file has the form that the view asks for."""
    asked, path = decode(GradingTask, request["task"]), Path(request["file"])
    validate(path, any_columns(expected_of(asked, request), path))
    return {}


def stats(request: Mapping[str, Any], tell: Tell) -> Reply:
    """Return how the predictions look."""
    _, answers, predictions = _opened(request)
    if predictions.numbers.size:
        cells: Array = predictions.numbers
    elif predictions.labels.size:
        cells = predictions.labels
    else:
        cells = np.array([hash(row) for row in predictions.ranked])[:, None]
    _, counts = np.unique(cells, axis=0, return_counts=True)
    first = cells[:, 0].astype(float)
    ids = [plain_number(text) for text in predictions.table.columns[0]] if answers.expected.ids else []
    numeric = bool(ids) and len(counts) == len(cells) > 2 and all(number is not None for number in ids)
    result = PredictionStats(
        rows=len(cells),
        distinct=len(counts),
        top_share=float(counts.max() / len(cells)),
        same_as=_same_column(first, request) if cells.shape[1] == 1 and len(counts) > 2 else "",
        follows_ids=numeric and _one_order(first, np.array([float(number or 0) for number in ids])),
    )
    return {"stats": encode(result)}


def _one_order(values: Array, ids: Array) -> bool:
    steps = np.diff(values[np.argsort(ids)])
    return bool((steps > 0).all() or (steps < 0).all())


def _same_column(values: Array, request: Mapping[str, Any]) -> str:
    """Return the column of the test file that equals `values`, the row id left out."""
    from assay.data.tables import read_table, typed

    if not request.get("test"):
        return ""
    frame = typed(read_table(Path(request["test"])))
    if len(frame) != len(values):
        return ""
    asked = decode(GradingTask, request["task"])
    for name in frame.columns:
        column = frame[name]
        if name != asked.id_column and column.dtype.kind in "iuf" and np.array_equal(column.to_numpy(float), values):
            return str(name)
    return ""


def _opened(request: Mapping[str, Any]) -> tuple[GradingTask, Answers, Predictions]:
    asked = decode(GradingTask, request["task"])
    answers = answers_of(asked, request)
    path = Path(request["file"])
    return asked, answers, answers.narrowed(validate(path, any_columns(answers.expected, path)))


OPERATIONS: Mapping[str, Callable[[Mapping[str, Any], Tell], Reply]] = MappingProxyType(
    {
        "blend": lambda request, tell: blend_operations.blend(request),
        "check": check,
        "combine": lambda request, tell: blend_operations.combine(request),
        "grade": grade,
        "self_test": self_test,
        "stats": stats,
        "weaknesses": lambda request, tell: weakness_operations.weaknesses(request),
    }
)
