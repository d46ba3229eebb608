"""Shape: which problem the targets pose, and their labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.core.metric import Metric, Needs
from assay.core.task import Problem
from assay.data.cells import as_text, is_missing
from assay.data.columns import Columns
from assay.data.facts import Facts
from assay.data.given import Given
from assay.data.labels import sorted_labels
from assay.data.tables import typed

if TYPE_CHECKING:
    import pandas as pd

OF_CLASSES = {Needs.LABELS, Needs.PROBABILITY, Needs.CLASS_PROBABILITIES, Needs.RANKED_LABELS}
"""What metrics of classes are computed from."""
_FEW_NUMBERS = 20
"""Whole numbers with at most this many values may be labels."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the targets hold."""

    problem: Problem
    origin: str
    classes: tuple[str, ...] = ()
    """Labels as text, in order."""
    counts: tuple[int, ...] = ()
    """Rows of each class."""


def find_shape(facts: Facts, columns: Columns, given: Given, metric: Metric | None, *, forecast: bool) -> Shape:
    """Return the problem that the targets pose.

    Raises:
        TaskError: E104 a target is missing everywhere or infinite somewhere, E105 it has one value, E120 no
            such problem.
    """
    for name in columns.targets:
        _require_values(facts, name)
    classes, counts = _labels(facts.train.frame[columns.targets[0]])
    problem, origin = _problem(facts, columns, metric, len(classes), forecast=forecast)
    if given.problem is not None:
        problem, origin = _given_problem(given.problem), "given"
    if problem not in (Problem.BINARY, Problem.MULTICLASS):
        return Shape(problem=problem, origin=origin)
    return Shape(problem=problem, origin=origin, classes=classes, counts=counts)


def _require_values(facts: Facts, name: str) -> None:
    column = facts.train.frame[name]
    there = column[~is_missing(column)]
    if not len(there):
        raise TaskError(
            "E104",
            f"the target {name!r} is missing in all {len(column)} rows of {facts.train.name}",
            fix="--target COLUMN",
        )
    if there.astype(str).nunique() == 1:
        raise TaskError(
            "E105",
            f"the target {name!r} is {str(there.iloc[0])!r} in every row: nothing can be learned",
            fix="--target COLUMN, or add rows of another value",
        )


def _require_finite(numbers: pd.DataFrame) -> None:
    for name in numbers:
        if numbers[name].dtype.kind == "f" and (numbers[name].abs() == math.inf).any():
            raise TaskError("E104", f"the target {name!r} holds infinite values", fix="remove these rows")


def _labels(column: pd.Series) -> tuple[tuple[str, ...], tuple[int, ...]]:
    values = as_text(column[~is_missing(column)])
    labels = sorted_labels(set(values))
    counts = dict.fromkeys(labels, 0)
    for value in values:
        counts[value] += 1
    return labels, tuple(counts.values())


def _given_problem(text: str) -> Problem:
    try:
        return Problem(text.strip().lower())
    except ValueError:
        known = ", ".join(member.value for member in Problem)
        raise TaskError(
            "E120", f"no problem is called {text!r} (known: {known})", fix='problem = "regression"'
        ) from None


def _problem(
    facts: Facts, columns: Columns, metric: Metric | None, distinct: int, *, forecast: bool
) -> tuple[Problem, str]:
    numbers = typed(replace(facts.train, frame=facts.train.frame[list(columns.targets)]))
    _require_finite(numbers)
    if forecast:
        return Problem.FORECAST, "guessed: the test rows are later than the training rows of the same series"
    if len(columns.targets) > 1:
        return _several(numbers, columns)
    if columns.classes_by_column:
        problem = Problem.BINARY if len(columns.classes_by_column) == 2 else Problem.MULTICLASS
        return problem, f"from {facts.sample.name if facts.sample else 'the sample file'}: one column a class"
    column = numbers.iloc[:, 0].dropna()
    numeric = column.dtype.kind in "iuf"
    if distinct == 2 and (metric is None or metric.needs in OF_CLASSES - {Needs.RANKED_LABELS}):
        return Problem.BINARY, f"guessed: {columns.targets[0]} has two values"
    if not numeric:
        return Problem.MULTICLASS, f"guessed: {columns.targets[0]} holds {distinct} labels"
    if metric is not None:
        of_classes = metric.needs in OF_CLASSES and (distinct <= _FEW_NUMBERS or bool((column % 1 == 0).all()))
        return (Problem.MULTICLASS if of_classes else Problem.REGRESSION), f"from the metric {metric.name}"
    if distinct <= min(_FEW_NUMBERS, len(column) // 20) and bool((column % 1 == 0).all()):
        return Problem.MULTICLASS, f"guessed: {columns.targets[0]} has {distinct} whole values"
    return Problem.REGRESSION, f"guessed: {columns.targets[0]} holds numbers"


def _several(numbers: pd.DataFrame, columns: Columns) -> tuple[Problem, str]:
    if any(numbers[name].dtype.kind not in "iufb" for name in numbers):
        raise TaskError(
            "E121",
            f"several targets ({', '.join(columns.targets)}) that are not all numbers need a grader of yours",
            fix="put a grade.py with grade(submission, answers) and a prepare.py in the folder, or name one --target",
        )
    if all(set(numbers[name].dropna().unique()) <= {0, 1} for name in numbers):
        return Problem.MULTILABEL, "guessed: several targets of 0 and 1"
    return Problem.REGRESSION, "guessed: several targets that are numbers"
