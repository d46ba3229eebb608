"""Predictions: what a file of them must be about, what it held, or why it was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from assay.core.metric import Needs
from assay.core.task import OutputContract
from assay.grading.arrays import Codes, Floats, Ranking
from assay.grading.table import Table


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the file must be about."""

    contract: OutputContract
    rows: int
    """How many must be predicted."""
    ids: tuple[str, ...] | None = None
    """Row ids in the order of the answers; None when rows have none."""

    @property
    def header(self) -> tuple[str, ...]:
        """The first line of the file."""
        first = (self.contract.id_column,) if self.contract.id_column and self.ids is not None else ()
        return (*first, *self.contract.columns)

    @property
    def max_bytes(self) -> int:
        """A size that no honest file of this many rows reaches."""
        ids = max((len(i.encode()) for i in self.ids), default=0) if self.ids else 0
        longest = max((len(c.encode()) for c in self.contract.classes), default=0)
        ranked = 64 if self.contract.needs is Needs.RANKED_LABELS else 1
        return 65_536 + 4 * (self.rows + 1) * (ids + len(self.contract.columns) * ranked * (longest + 32))


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Validated predictions, row i about answer i. Only the field that the contract needs is filled."""

    table: Table
    """The cells as they were written, in the order of the answers."""
    labels: Codes = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    numbers: Floats = field(default_factory=lambda: np.empty((0, 0)))
    ranked: tuple[Ranking, ...] = ()

    def take(self, index: Codes) -> Predictions:
        """Return the predictions at `index`, in that order."""
        return Predictions(
            table=self.table.take(index.tolist()),
            labels=self.labels[index] if self.labels.size else self.labels,
            numbers=self.numbers[index] if self.numbers.size else self.numbers,
            ranked=tuple(self.ranked[i] for i in index.tolist()) if self.ranked else (),
        )


class Rejected(ValueError):
    """The file is not what was asked for.

    Args:
        problems: Everything that is wrong, one sentence each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
