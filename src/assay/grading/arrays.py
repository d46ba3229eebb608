"""Pairs: answers and predictions of one view, joined row by row and validated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.core.metric import Needs

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Array = NDArray[Any]
"""Of any kind: numbers, codes or flags."""
Ranking = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """What a metric is computed from. Row i of `truth` and row i of the predictions are about the same thing.

    Only the fields that `needs` names are filled.
    """

    needs: Needs
    rows: int
    """How many there are."""
    codes: Codes = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    """Answers as positions in `classes`, shape (rows, targets): LABELS, PROBABILITY, CLASS_PROBABILITIES."""
    labels: Codes = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    """Predicted labels as positions in `classes`, shape (rows, targets): LABELS."""
    truth: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """Answers as numbers, shape (rows, targets): VALUES."""
    numbers: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """Predicted numbers: (rows, targets), or (rows, classes) for CLASS_PROBABILITIES."""
    relevant: tuple[Ranking, ...] = ()
    """The right labels of each row: RANKED_LABELS."""
    ranked: tuple[Ranking, ...] = ()
    """The predicted labels of each row, best first: RANKED_LABELS."""
    classes: tuple[str, ...] = ()
    positive: int = 1
    """Position in `classes` of the positive class, for two classes."""

    @property
    def hits(self) -> Array:
        """Whether each answer is the positive class, shape (rows, targets)."""
        return np.asarray(self.codes == self.positive)

    def take(self, index: NDArray[np.intp]) -> Pairs:
        """Return the rows at `index`, in that order, repeats allowed."""
        return Pairs(
            needs=self.needs,
            rows=len(index),
            codes=self.codes[index] if self.codes.size else self.codes,
            labels=self.labels[index] if self.labels.size else self.labels,
            truth=self.truth[index] if self.truth.size else self.truth,
            numbers=self.numbers[index] if self.numbers.size else self.numbers,
            relevant=tuple(self.relevant[i] for i in index) if self.relevant else (),
            ranked=tuple(self.ranked[i] for i in index) if self.ranked else (),
            classes=self.classes,
            positive=self.positive,
        )
