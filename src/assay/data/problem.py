"""Problem: the shape of what is predicted, the metric that fits it, and the output contract."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.core.metric import Direction, Metric, Needs
from assay.core.task import OutputContract, Problem
from assay.data.columns import Columns
from assay.data.description import Reading, stated_direction
from assay.data.facts import Facts
from assay.data.given import Given, parse_direction
from assay.data.metric_names import METRICS, named, with_params
from assay.data.tables import as_text, is_missing, typed

if TYPE_CHECKING:
    import pandas as pd

_OF_CLASSES = {Needs.LABELS, Needs.PROBABILITY, Needs.CLASS_PROBABILITIES, Needs.RANKED_LABELS}
_OF_MORE_CLASSES = {"log_loss", "brier", "roc_auc", "roc_auc_mean_columnwise"}
"""Metrics of a probability that have a form for more than two classes."""
_WITH_POSITIVE = {"f1", "jaccard", "average_precision", "roc_auc", "log_loss", "brier"}
_POSITIVE_WORDS = ("1", "true", "yes", "y", "t", "positive", "pos", "1.0")
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


@dataclass(frozen=True, kw_only=True)
class Measure:
    """The metric with where it comes from."""

    metric: Metric
    origin: str
    better_origin: str
    remark: str = ""
    """Something that was assumed and could be wrong."""


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


def find_metric(facts: Facts, columns: Columns, shape: Shape, given: Given, reading: Reading) -> Measure:
    """Return the metric: the given one, the described one, or the default of the problem.

    Raises:
        TaskError: E106 unknown metric, E107 the stated direction contradicts it, or it does not fit the problem.
    """
    stated = parse_direction(given.direction) if given.direction is not None else None
    if given.metric is not None:
        name, _, way = given.metric.partition(":")
        stated = parse_direction(way) if way else stated
        metric, origin = named(name), "given"
    elif reading.metric is not None:
        metric, origin = reading.metric, "from the description"
        stated = stated or reading.direction
    else:
        metric, reason = _default(facts, columns, shape)
        origin = f"guessed: {reason}"
    if stated is not None and stated is not metric.direction:
        raise TaskError(
            "E107",
            f"{stated.value!r} is better was stated, but for {metric.name!r} {metric.direction.value} is better",
            fix=f"--metric {metric.name}:{'max' if metric.higher_is_better else 'min'}, or name another metric",
        )
    metric, remark = _fitted(metric, columns, shape, given, reading)
    return Measure(metric=metric, origin=origin, better_origin=f"known for {metric.name}", remark=remark)


def contract_of(facts: Facts, columns: Columns, shape: Shape, metric: Metric) -> OutputContract:
    """Return what a submission must look like."""
    output, classes = columns.output, shape.classes
    if metric.needs is Needs.CLASS_PROBABILITIES:
        classes = columns.classes_by_column or classes
        output = output if columns.classes_by_column else classes
    return OutputContract(
        needs=metric.needs,
        id_column=columns.output_id,
        columns=output,
        classes=classes,
        sum_to_one=metric.needs is Needs.CLASS_PROBABILITIES and _sums_to_one(facts, output, metric),
    )


def sorted_labels(labels: set[str]) -> tuple[str, ...]:
    """Return `labels` in the order of their numbers if all are numbers, else of their letters."""
    try:
        return tuple(sorted(labels, key=lambda label: (float(label), label)))
    except ValueError:
        return tuple(sorted(labels))


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
    if distinct == 2 and (metric is None or metric.needs in _OF_CLASSES - {Needs.RANKED_LABELS}):
        return Problem.BINARY, f"guessed: {columns.targets[0]} has two values"
    if not numeric:
        return Problem.MULTICLASS, f"guessed: {columns.targets[0]} holds {distinct} labels"
    if metric is not None:
        of_classes = metric.needs in _OF_CLASSES and (distinct <= _FEW_NUMBERS or bool((column % 1 == 0).all()))
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


def _default(facts: Facts, columns: Columns, shape: Shape) -> tuple[Metric, str]:
    """Return the metric of a problem about which nobody said anything, and why."""
    if shape.problem is Problem.FORECAST:
        return METRICS["smape"], "usual for forecasts"
    if shape.problem is Problem.MULTILABEL:
        return METRICS["roc_auc_mean_columnwise"], "usual for several 0/1 targets"
    if shape.problem is Problem.REGRESSION:
        several = len(columns.targets) > 1
        return METRICS["rmse_mean_columnwise" if several else "rmse"], "usual for numbers"
    if columns.classes_by_column:
        return METRICS["log_loss"], "the sample file has one column a class"
    asks_labels = facts.sample is not None and set(as_text(facts.sample.frame[columns.output[0]])) <= set(shape.classes)
    if shape.problem is Problem.MULTICLASS:
        if facts.sample is not None:
            return METRICS["accuracy"], "the sample file has one label a row"
        return METRICS["log_loss"], "usual for several classes"
    if asks_labels and not set(shape.classes) <= {"0", "1", "0.0", "1.0"}:
        return METRICS["accuracy"], "the sample file has one label a row"
    return METRICS["roc_auc"], "usual for two classes"


def _fitted(metric: Metric, columns: Columns, shape: Shape, given: Given, reading: Reading) -> tuple[Metric, str]:
    """Return `metric` as this problem uses it, and what had to be assumed."""
    remark = ""
    misfit, instead = _misfit(metric, shape, columns.targets[0], len(columns.targets))
    if misfit:
        raise TaskError("E107", f"{metric.name} scores {misfit}", fix=f"--metric {instead}, or another --target")
    if shape.problem is Problem.MULTICLASS and metric.name in ("f1", "roc_auc", "roc_auc_mean_columnwise"):
        other = "f1_macro" if metric.name == "f1" else "roc_auc_ovr"
        remark = (
            f"{metric.name} is for two classes; {other} is used for the {len(shape.classes)} of {columns.targets[0]}"
        )
        metric = METRICS[other]
    if len(columns.targets) > 1 and metric.name == "roc_auc":
        metric = METRICS["roc_auc_mean_columnwise"]
    if metric.name in ("log_loss", "brier") and (shape.problem is Problem.MULTICLASS or columns.classes_by_column):
        metric = replace(metric, needs=Needs.CLASS_PROBABILITIES)
    if metric.name == "map_at_k" and given.top_k is not None:
        metric = with_params(metric, k=given.top_k)
    if shape.problem is Problem.BINARY and metric.name in _WITH_POSITIVE and not columns.classes_by_column:
        label, said = _positive(shape, given, reading)
        if metric.name == "f1" or label != "1" or shape.classes != ("0", "1"):
            metric, remark = with_params(metric, positive=label), remark or said
    return metric, remark


def _misfit(metric: Metric, shape: Shape, target: str, targets: int) -> tuple[str, str]:
    """Return why the metric cannot score the problem, and one that can; empty texts where it can."""
    problem, needs = shape.problem, metric.needs
    classed, several = problem in (Problem.BINARY, Problem.MULTICLASS), problem is Problem.MULTILABEL
    if metric.name == "pearson_mean_rowwise" and (problem is not Problem.REGRESSION or targets < 2):
        return f"the several numbers of a row, but {target!r} is a single {problem.value} target", "pearson"
    if needs in _OF_CLASSES and not classed and not several:
        return f"classes, but {target!r} makes this a {problem.value} problem", "rmse"
    if needs is Needs.VALUES and classed:
        return f"numbers, but {target!r} holds labels ({', '.join(shape.classes[:3])} ...)", "accuracy"
    if needs in (Needs.CLASS_PROBABILITIES, Needs.RANKED_LABELS) and several:
        return "one label a row, but there are several 0/1 targets", "roc_auc_mean_columnwise"
    if needs is Needs.PROBABILITY and problem is Problem.MULTICLASS and metric.name not in _OF_MORE_CLASSES:
        return f"two classes, but {target!r} has {len(shape.classes)}", "log_loss"
    return "", ""


def _positive(shape: Shape, given: Given, reading: Reading) -> tuple[str, str]:
    """Return the positive label, and what had to be assumed to choose it.

    Raises:
        TaskError: E102, the given label is none of the target's.
    """
    if given.positive is not None:
        if given.positive not in shape.classes:
            raise TaskError(
                "E102",
                f"the target has no label {given.positive!r} (it has {', '.join(shape.classes)})",
                fix=f"--positive {shape.classes[-1]}",
            )
        return given.positive, ""
    usual = [label for label in shape.classes if label.lower() in _POSITIVE_WORDS]
    if len(usual) == 1:
        return usual[0], ""
    said = [label for label in shape.classes if label in reading.metric_sentence.split()]
    if len(said) == 1:
        return said[0], ""
    rarer = min(zip(shape.counts, shape.classes, strict=True))[1]
    return rarer, f"{rarer!r} is taken as the positive label because it is the rarer one"


def _sums_to_one(facts: Facts, output: tuple[str, ...], metric: Metric) -> bool:
    if facts.sample is None or not all(name in facts.sample.columns for name in output):
        return metric.name in ("log_loss", "roc_auc_ovr", "brier")
    sums = typed(replace(facts.sample, frame=facts.sample.frame[list(output)].head(1_000))).sum(axis=1)
    return bool(((sums - 1).abs() < 1e-3).all())


def own_metric(file: str, text: str, given: Given, reading: Reading) -> Measure:
    """Return the metric of a user's own grader.

    Args:
        file: Name of the Python file.
        text: Its source; a constant `DIRECTION = "lower"` or `HIGHER_IS_BETTER = False` in it says which way is better.
        given: What the user said.
        reading: What the description says.

    Raises:
        TaskError: E107, nobody says which way is better.
    """
    if given.direction is not None:
        direction: Direction | None = parse_direction(given.direction)
        origin = "given"
    elif (constant := _stated_by_code(text)) is not None:
        direction, origin = constant, f"from {file}"
    else:
        direction, origin = reading.direction or stated_direction(text), "from the description"
    if direction is None:
        raise TaskError(
            "E107",
            f"nothing says whether a higher or a lower value of {file} is better",
            fix=f'DIRECTION = "lower" in {file}',
        )
    needs = reading.metric.needs if reading.metric is not None else Needs.VALUES
    return Measure(
        metric=Metric(name=file, direction=direction, needs=needs), origin=f"from {file}", better_origin=origin
    )


def _stated_by_code(text: str) -> Direction | None:
    import ast

    for node in ast.parse(text).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
            continue
        names = {target.id.lower() for target in node.targets if isinstance(target, ast.Name)}
        value = node.value.value
        if names & {"higher_is_better", "greater_is_better"} and isinstance(value, bool):
            return Direction.HIGHER if value else Direction.LOWER
        if names & {"direction", "better"} and isinstance(value, str):
            return parse_direction(value)
    return None
