"""A metric as a function of weights, and how such functions are put together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Floats, Pairs

Statistic = Callable[[Floats], Floats]
"""Takes weights (resamples, rows), returns one value a resample."""
Builder = Callable[[Metric, Pairs], Statistic | None]
"""Takes a metric and the rows, returns its statistic; None where there is no fast form."""


def mean_of(rows: Floats) -> Statistic:
    """Return the weighted mean of a value for each row, shape (rows,)."""
    return lambda weights: (weights @ rows) / weights.sum(axis=1)


def averaged(statistics: list[Statistic]) -> Statistic:
    """Return the mean of several statistics, such as one for each target."""
    return lambda weights: np.mean([statistic(weights) for statistic in statistics], axis=0)


def ratio_or_nan(above: Floats, under: Floats, below: float = 0.0) -> Floats:
    """Return `above / under`, or `below - above / under` when `below` is not 0; NaN where `under` is not positive."""
    ratio = np.divide(above, under, out=np.full_like(above, np.nan), where=under > 1e-300)
    return np.asarray(below - ratio if below else ratio)
