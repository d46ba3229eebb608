"""MetricChoice: the metric that fits a problem, which way is better, and where it was said."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from assay.core.errors import TaskError
from assay.core.metric import Direction, Metric, Needs
from assay.core.task import Problem
from assay.data.cells import as_text
from assay.data.columns import Columns
from assay.data.description import Reading, stated_direction
from assay.data.facts import Facts
from assay.data.given import Given, parse_direction
from assay.data.metric_names import METRICS, named, with_params
from assay.data.shape import OF_CLASSES, Shape

_OF_MORE_CLASSES = {"log_loss", "brier", "roc_auc", "roc_auc_mean_columnwise"}
"""Metrics of a probability that have a form for more than two classes."""
_WITH_POSITIVE = {"f1", "jaccard", "average_precision", "roc_auc", "log_loss", "brier"}
_POSITIVE_WORDS = ("1", "true", "yes", "y", "t", "positive", "pos", "1.0")


@dataclass(frozen=True, kw_only=True)
class MetricChoice:
    """The metric with where it comes from."""

    metric: Metric
    origin: str
    better_origin: str
    remark: str = ""
    """Something that was assumed and could be wrong."""


def find_metric(facts: Facts, columns: Columns, shape: Shape, given: Given, reading: Reading) -> MetricChoice:
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
    return MetricChoice(metric=metric, origin=origin, better_origin=f"known for {metric.name}", remark=remark)


def own_metric(file: str, text: str, given: Given, reading: Reading) -> MetricChoice:
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
    return MetricChoice(
        metric=Metric(name=file, direction=direction, needs=needs), origin=f"from {file}", better_origin=origin
    )


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
    if needs in OF_CLASSES and not classed and not several:
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
                fix=f"--positive {shlex.quote(shape.classes[-1])}",
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
