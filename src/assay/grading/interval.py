"""A 95 % interval of a score: the percentile bootstrap over rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Floats, Pairs
from assay.grading.metrics import NoValue, compute
from assay.grading.weighted import prepare

_MOST_DRAWS = 200_000_000
"""Rows drawn in all; beyond 200,000 rows the resamples become fewer, and the interval is narrow anyway."""
_BLOCK = 4_000_000
"""Rows drawn at a time: 32 MB of weights."""
_FEWEST_DEFINED = 0.9


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Bootstrap interval and standard error."""

    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Its upper end."""
    std_error: float
    """Standard deviation of the resampled values."""
    resamples: int
    """How many it rests on: those on which the metric has a value."""


def bootstrap(metric: Metric, pairs: Pairs, *, seed: int, resamples: int = 1000) -> Interval | None:
    """Return the 95 % percentile interval of the metric over resampled rows, or None if there is none.

    There is none below 2 rows, and when more than a tenth of the resamples have no value. Rows are taken as
    independent: for grouped or ordered rows the true interval is wider.

    Args:
        metric: A named metric.
        pairs: The rows.
        seed: Equal seeds give equal intervals.
        resamples: At least 200; fewer than asked above 200,000 rows, and 200 for a metric without a weighted form.

    References:
        B. Efron and R. Tibshirani, "An introduction to the bootstrap" (1993), chapters 6 and 13.
    """
    if pairs.rows < 2:
        return None
    try:
        statistic = prepare(metric, pairs)
    except NoValue:
        return None
    draw = np.random.default_rng(seed)
    count = max(200, min(resamples, _MOST_DRAWS // pairs.rows))
    if statistic is None:
        return _slow(metric, pairs, draw, 200)
    values = []
    block = max(1, min(count, _BLOCK // pairs.rows))
    for start in range(0, count, block):
        values.append(statistic(_weights(draw, pairs.rows, min(block, count - start))))
    return _summary(np.concatenate(values))


def _weights(draw: np.random.Generator, rows: int, count: int) -> Floats:
    """Return how often each row was drawn, shape (count, rows)."""
    index = draw.integers(0, rows, (count, rows)) + (np.arange(count) * rows)[:, None]
    return np.bincount(index.ravel(), minlength=count * rows).reshape(count, rows).astype(np.float64)


def _slow(metric: Metric, pairs: Pairs, draw: np.random.Generator, count: int) -> Interval | None:
    values = []
    for _ in range(count):
        try:
            values.append(compute(metric, pairs.take(draw.integers(0, pairs.rows, pairs.rows))))
        except NoValue:
            values.append(np.nan)
    return _summary(np.array(values))


def _summary(values: Floats) -> Interval | None:
    defined = values[np.isfinite(values)]
    if len(defined) < _FEWEST_DEFINED * len(values):
        return None
    low, high = np.quantile(defined, (0.025, 0.975))
    return Interval(low=float(low), high=float(high), std_error=float(defined.std(ddof=1)), resamples=len(defined))
