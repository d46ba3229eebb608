"""Pairs: an experiment against the default, value by value, where both report values that can be paired."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from assay.core.metric import Metric
from assay.grading.stats import Undefined, corrected_t_test
from assay.models.roles import Paired
from assay.strategies.lab.experiments import Row


def paired_gains(row: Row, default: Row, metric: Metric) -> list[float]:
    """Return one gain for each part that both report in runs of the same seed, averaged over those runs.

    Args:
        row: The runs of one experiment.
        default: Those of the default.
        metric: Knows which way is better.
    """
    runs = [
        (b.parts, d.parts)
        for b, d in zip(row.results, default.results, strict=False)
        if b is not None and d is not None and b.parts and len(b.parts) == len(d.parts)
    ]
    if not runs or len({len(b) for b, _ in runs}) != 1:
        return []
    return [fmean(metric.gain(b[i], d[i]) for b, d in runs) for i in range(len(runs[0][0]))]


def paired_with_default(rows: Sequence[Row], metric: Metric) -> dict[int, Paired]:
    """Return how each experiment compares with the first, by number; those that cannot be paired are left out.

    The interval corrects for the dependence of folds, as the outcome of the lab does.
    """
    found: dict[int, Paired] = {}
    for row in rows[1:]:
        gains = paired_gains(row, rows[0], metric)
        if len(gains) < 2:
            continue
        test = corrected_t_test(gains, test_train_ratio=1.0 / (len(gains) - 1))
        if not isinstance(test, Undefined):
            found[row.first.number] = Paired(gain=test.mean, low=test.low, high=test.high)
    return found
