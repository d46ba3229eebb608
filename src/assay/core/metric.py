"""Metric: what is measured, which way is better, and what predictions it needs.

Direction lives here and nowhere else: code that compares two scores asks the metric.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Direction(StrEnum):
    """Which way a metric improves."""

    HIGHER = "higher"
    LOWER = "lower"


class Needs(StrEnum):
    """What predictions a metric is computed from."""

    LABELS = "labels"
    """One label a row, out of the labels seen in training."""
    PROBABILITY = "probability"
    """One number in [0, 1] a row and target column: the probability of the positive class."""
    CLASS_PROBABILITIES = "class_probabilities"
    """One column a class, each in [0, 1]."""
    VALUES = "values"
    """One finite number a row and target column."""
    RANKED_LABELS = "ranked_labels"
    """Up to k labels a row, best first, separated by spaces."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named measure of predictions against answers."""

    name: str
    """The field's own name in lower case, for example `rmse` or `roc_auc`; a file name for a user's own."""
    direction: Direction
    needs: Needs
    lower: float = -math.inf
    """The smallest value it can take."""
    upper: float = math.inf
    """The largest value it can take."""
    params: tuple[tuple[str, str | float], ...] = field(default=())
    """Fixed arguments such as `("k", 5)` or `("positive", "yes")`."""

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is a better one."""
        return self.direction is Direction.HIGHER

    def gain(self, new: float, old: float) -> float:
        """Return by how much `new` is better than `old`: positive is an improvement whatever the direction."""
        return new - old if self.higher_is_better else old - new

    def is_better(self, new: float, old: float) -> bool:
        """Return whether `new` is strictly better than `old`; NaN is never better and never beaten by NaN."""
        return self.gain(new, old) > 0 or (math.isnan(old) and not math.isnan(new))

    def sort_key(self, value: float | None) -> tuple[int, float]:
        """Return a key that sorts the best first and absent or non-finite values last."""
        if value is None or not math.isfinite(value):
            return (1, 0.0)
        return (0, -value if self.higher_is_better else value)

    def ranked(self, items: Iterable[T], value: Callable[[T], float | None]) -> list[T]:
        """Return `items` best first by `value`; those without a value keep their order at the end."""
        return sorted(items, key=lambda item: self.sort_key(value(item)))

    def param(self, name: str, default: str | float) -> str | float:
        """Return the fixed argument `name`, or `default` when it is not set."""
        return dict(self.params).get(name, default)
