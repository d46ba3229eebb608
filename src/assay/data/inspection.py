"""Inspection: a task as far as it was understood, with the origin of every line."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.task import Task
from assay.data.findings import DataFinding


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is fixed before a run."""

    field: str
    """As `task.toml` calls it."""
    value: str
    """For people."""
    origin: str
    """`given`, `from description.md`, `guessed: ...`, `known for rmsle`, `default`."""

    @property
    def guessed(self) -> bool:
        """Whether nobody said so."""
        return self.origin.startswith("guessed")


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What intake understood."""

    task: Task
    lines: tuple[Line, ...]
    findings: tuple[DataFinding, ...] = ()
    """What was noticed on the way; `check` looks further."""
    train_rows: int = 0
    """Rows with a target; 0 where only the user's own `prepare` knows."""
    test_rows: int = 0
    """Rows to predict; 0 where there are none."""

    def origin(self, field: str) -> str:
        """Return where the value of `field` comes from; empty if there is no such line."""
        return next((line.origin for line in self.lines if line.field == field), "")
