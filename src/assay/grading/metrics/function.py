"""What a metric is as a function, and why it may have no value."""

from __future__ import annotations

from collections.abc import Callable

from assay.core.metric import Metric
from assay.grading.arrays import Pairs

Function = Callable[[Metric, Pairs], float]
"""Takes a metric and the rows, returns its value on them; raises `NoValue`."""


class NoValue(ValueError):
    """The metric has no value here.

    Args:
        reason: One sentence.
        by_predictions: Whether other predictions on the same rows could have a value.
    """

    def __init__(self, reason: str, *, by_predictions: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.by_predictions = by_predictions
