"""How `run --strategy lab` takes in a repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.output import clean, one_line
from assay.core.task import Task
from assay.report.formatting import format_count, format_duration

if TYPE_CHECKING:
    from assay.strategies.lab import LabConfig


class LabIntake:
    """A repository's lab, and the few lines that say how it was understood.

    Args:
        task: What to work on.
        config: What its `lab.toml` says.
    """

    limits: Mapping[str, Any] = {}
    mlflow = ""
    notebook: Mapping[str, Any] = {}

    def __init__(self, task: Task, config: LabConfig) -> None:
        self.task = task
        self._config = config

    def lines(self) -> list[str]:
        """Return what matters of it."""
        config = self._config
        better = "higher" if config.as_metric.higher_is_better else "lower"
        may = [format_count(len(config.options), "option")] if config.options else []
        may += [format_count(len(config.files), "file")] if config.files else []
        where = config.metric.file or "printed lines"
        lines = [
            f" lab      {self.task.name} · {config.as_metric.name}, {better} is better, as reported in {where}",
            f" default  {one_line(config.command, 90)} · at most {format_duration(config.time)}",
            f" may set  {' and '.join(may) or 'nothing: declare options or files in lab.toml'}",
        ]
        return [clean(line) for line in lines]


def take_in_lab(path: Path) -> LabIntake:
    """Return the lab of the repository in `path`, or beside a `lab.toml` that it names.

    Raises:
        TaskError: There is no `lab.toml`, or it is wrong (E170).
    """
    from assay.strategies.lab import LAB_FILE, lab_task, read_lab

    folder = path.parent if path.name == LAB_FILE else path
    return LabIntake(lab_task(folder), read_lab(folder))
