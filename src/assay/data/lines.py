"""The lines of an inspection: what is fixed before a run, each with its origin."""

from __future__ import annotations

from collections.abc import Iterable

from assay.core.task import Problem, Split, Task
from assay.data.columns import Columns
from assay.data.given import Given
from assay.data.inspection import Line
from assay.data.metric_choice import MetricChoice
from assay.data.shape import Shape
from assay.data.split_guess import SplitChoice

ROW_CAP = 30_000
"""Most training rows that a candidate is shown during the search, where nobody said otherwise."""


def lines_of(
    task: Task,
    given: Given,
    about: Line,
    columns: Columns,
    shape: Shape,
    metric_choice: MetricChoice,
    choice: SplitChoice,
) -> Iterable[Line]:
    """Yield what is fixed before a run, a line a field, each with its origin.

    Args:
        task: As it was understood.
        given: What the user said.
        about: The line of the statement, which comes first.
        columns: The targets and ids, with their origin.
        shape: The problem, with its origin.
        metric_choice: The metric, with its origin.
        choice: The split and the holdout, with their origins.
    """

    def said(field: str) -> str:
        return "given" if getattr(given, field) is not None else "guessed: by its name"

    yield about
    yield Line(field="train", value=task.data.train, origin=said("train"))
    for role in ("test", "sample", "description"):
        name = getattr(task.data, role)
        if name is not None:
            yield Line(field=role, value=name, origin=said(role))
    if task.data.side:
        origin = "given" if given.side is not None else "guessed: the rest of the folder"
        yield Line(field="side", value=", ".join(task.data.side), origin=origin)
    yield Line(field="target", value=", ".join(task.targets), origin=columns.target_origin)
    yield Line(field="id", value=task.id_column or "", origin=columns.id_origin)
    yield Line(field="problem", value=task.problem.value, origin=shape.origin)
    yield Line(field="metric", value=task.metric.name, origin=metric_choice.origin)
    yield Line(field="better", value=task.metric.direction.value, origin=metric_choice.better_origin)
    yield from _parameter_lines(task, given)
    yield Line(field="split", value=_split_text(task.split), origin=choice.origin)
    if task.problem is Problem.FORECAST:
        origin = "given" if given.series else "guessed: the test goes on where each of them ends"
        yield Line(field="series", value=", ".join(task.series_columns), origin=origin)
        yield Line(field="time", value=task.time_column or "", origin=said("time_column").replace("by its", "by"))
    yield Line(field="holdout", value=f"{task.holdout.fraction:g}", origin=choice.holdout_origin)
    yield Line(field="row_cap", value=str(task.row_cap), origin=_cap_origin(task, given))
    if task.grader is not None:
        yield Line(field="grader", value=task.grader, origin=said("grader"))


def _parameter_lines(task: Task, given: Given) -> Iterable[Line]:
    """Yield the fixed arguments of the metric."""
    said = {"positive": given.positive, "k": given.top_k}
    for name, value in task.metric.params:
        origin = "given" if said.get(name) is not None else "guessed: by the labels"
        field = "top_k" if name == "k" else name
        yield Line(field=field, value=f"{value:g}" if isinstance(value, (int, float)) else value, origin=origin)


def _split_text(split: Split) -> str:
    """Return a split in a few words: `5-fold stratified`, `5-fold group by donor`."""
    by = f" by {split.column}" if split.column else ""
    ahead = f", {split.horizon} steps ahead" if split.horizon else ""
    return f"{split.k}-fold {split.kind.value}{by}{ahead}"


def _cap_origin(task: Task, given: Given) -> str:
    if given.row_cap is not None:
        return "given"
    return "guessed: a forecast needs its history" if task.row_cap != ROW_CAP else "default"
