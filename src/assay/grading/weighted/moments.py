"""Metrics of means, squares and products."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Floats, Pairs
from assay.grading.metrics.values import varying
from assay.grading.weighted.statistic import Builder, Statistic, averaged, mean_of, ratio_or_nan


def _r2(metric: Metric, pairs: Pairs) -> Statistic:
    def column(truth: Floats, predicted: Floats) -> Statistic:
        centred = truth - truth.mean()
        errors, first, second = mean_of((truth - predicted) ** 2), mean_of(centred), mean_of(centred**2)

        def statistic(weights: Floats) -> Floats:
            return ratio_or_nan(errors(weights), second(weights) - first(weights) ** 2, below=1.0)

        return statistic

    return averaged([column(pairs.truth[:, j], pairs.numbers[:, j]) for j in range(pairs.truth.shape[1])])


def _pearson(metric: Metric, pairs: Pairs) -> Statistic:
    """All columns by five matrix products: hundreds of targets would take minutes one by one."""
    varying(metric, pairs)
    x, y = _standardised(pairs.truth), _standardised(pairs.numbers)

    def statistic(weights: Floats) -> Floats:
        shares = weights / weights.sum(axis=1, keepdims=True)
        mx, my = shares @ x, shares @ y
        across = shares @ (x * y) - mx * my
        within = (shares @ (x * x) - mx * mx, shares @ (y * y) - my * my)
        # Of standardised columns: less than this is a resample of one value, left over by rounding.
        defined = np.minimum(*within) > 1e-12
        under = np.sqrt(np.where(defined, within[0] * within[1], 1.0))
        return np.asarray(np.where(defined, across / under, np.nan).mean(axis=1))

    return statistic


def _standardised(columns: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    return np.asarray(centred / centred.std(axis=0))


MOMENTS: Mapping[str, Builder] = MappingProxyType(
    {
        "pearson": _pearson,
        "r2": _r2,
    }
)
"""By name."""
