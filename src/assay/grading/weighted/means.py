"""Metrics that are means over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Floats, Pairs
from assay.grading.metrics.probabilities import normalised
from assay.grading.metrics.rankings import precision_at
from assay.grading.metrics.values import above_minus_one, row_correlations
from assay.grading.weighted.statistic import Builder, Statistic, averaged, mean_of


def _error(row: Callable[[Floats, Floats], Floats], root: bool = False) -> Callable[[Metric, Pairs], Statistic]:
    def build(metric: Metric, pairs: Pairs) -> Statistic:
        columns = [mean_of(row(pairs.truth[:, j], pairs.numbers[:, j])) for j in range(pairs.truth.shape[1])]
        rooted: list[Statistic] = [_rooted(column) for column in columns] if root else columns
        return averaged(rooted)

    return build


def _rooted(statistic: Statistic) -> Statistic:
    return lambda weights: np.sqrt(statistic(weights))


def _squared(truth: Floats, predicted: Floats) -> Floats:
    return np.asarray((truth - predicted) ** 2)


def _rmsle(metric: Metric, pairs: Pairs) -> Statistic:
    above_minus_one(pairs)
    return _error(lambda t, p: (np.log1p(t) - np.log1p(p)) ** 2, root=True)(metric, pairs)


def _percentage(truth: Floats, predicted: Floats) -> Floats:
    return np.asarray(np.abs(truth - predicted) / np.maximum(np.abs(truth), np.finfo(np.float64).eps))


def _symmetric(truth: Floats, predicted: Floats) -> Floats:
    total = np.abs(truth) + np.abs(predicted)
    return np.asarray(np.divide(200.0 * np.abs(truth - predicted), total, out=np.zeros_like(total), where=total > 0))


def _log_loss(metric: Metric, pairs: Pairs) -> Statistic:
    tiny = np.finfo(np.float64).eps
    if pairs.codes.shape[1] == 1 and pairs.numbers.shape[1] > 1:
        right = normalised(pairs.numbers)[np.arange(pairs.rows), pairs.codes[:, 0]]
        return mean_of(-np.log(np.clip(right, tiny, 1.0 - tiny)))
    p = np.clip(pairs.numbers, tiny, 1.0 - tiny)
    return mean_of(-np.log(np.where(pairs.hits, p, 1.0 - p)).mean(axis=1))


def _brier(metric: Metric, pairs: Pairs) -> Statistic:
    if pairs.codes.shape[1] == 1 and pairs.numbers.shape[1] > 1:
        one_hot = np.eye(pairs.numbers.shape[1])[pairs.codes[:, 0]]
        return mean_of(((one_hot - pairs.numbers) ** 2).sum(axis=1))
    return mean_of(((pairs.hits - pairs.numbers) ** 2).mean(axis=1))


def _accuracy(metric: Metric, pairs: Pairs) -> Statistic:
    return mean_of((pairs.codes == pairs.labels).mean(axis=1))


def _map_at_k(metric: Metric, pairs: Pairs) -> Statistic:
    return mean_of(precision_at(metric, pairs))


def _pearson_rowwise(metric: Metric, pairs: Pairs) -> Statistic:
    return mean_of(row_correlations(metric, pairs))


MEANS: Mapping[str, Builder] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "brier": _brier,
        "log_loss": _log_loss,
        "mae": _error(lambda truth, predicted: np.abs(truth - predicted)),
        "map_at_k": _map_at_k,
        "mape": _error(_percentage),
        "pearson_mean_rowwise": _pearson_rowwise,
        "rmse": _error(_squared, root=True),
        "rmse_mean_columnwise": _error(_squared, root=True),
        "rmsle": _rmsle,
        "rmsle_mean_columnwise": _rmsle,
        "smape": _error(_symmetric),
    }
)
"""By name."""
