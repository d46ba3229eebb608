"""The task as far as grading knows it: what the grading process has to know of a task."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.metric import Metric
from assay.core.task import OutputContract, Task


@dataclass(frozen=True, kw_only=True)
class GradingTask:
    """What the grading process has to know of a task."""

    metric: Metric
    output: OutputContract
    targets: tuple[str, ...]
    id_column: str | None = None
    grader: str | None = None
    """Absolute path of the user's own metric."""


def grading_task(task: Task) -> GradingTask:
    """Return the part of `task` that grading needs."""
    return GradingTask(
        metric=task.metric,
        output=task.output,
        targets=task.targets,
        id_column=task.id_column,
        grader=str(task.folder / task.grader) if task.grader else None,
    )
