"""Metrics of the order of a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Array, Floats, Pairs
from assay.grading.metrics.probabilities import both_classes, present_classes
from assay.grading.metrics.values import varying
from assay.grading.weighted.statistic import Builder, Statistic, averaged, ratio_or_nan


class _Ties:
    """The order of a score with the borders of its groups of equal values."""

    def __init__(self, score: Floats) -> None:
        self.order = np.argsort(score, kind="stable")
        ordered = score[self.order]
        self.starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        sizes = np.diff(np.append(self.starts, len(score)))
        self.group = np.empty(len(score), dtype=np.intp)
        self.group[self.order] = np.repeat(np.arange(len(self.starts)), sizes)

    def sums(self, weights: Floats) -> Floats:
        """Return the weight of each group, lowest score first, shape (resamples, groups)."""
        return np.add.reduceat(weights[:, self.order], self.starts, axis=1)

    def ranks(self, weights: Floats) -> Floats:
        """Return the mid-rank of each row within each resample, shape (resamples, rows)."""
        groups = self.sums(weights)
        return (np.cumsum(groups, axis=1) - (groups - 1.0) / 2.0)[:, self.group]


def _spearman(metric: Metric, pairs: Pairs) -> Statistic:
    varying(metric, pairs)

    def column(j: int) -> Statistic:
        truth, predicted = _Ties(pairs.truth[:, j]), _Ties(pairs.numbers[:, j])
        return lambda weights: _correlation(weights, truth.ranks(weights), predicted.ranks(weights))

    return averaged([column(j) for j in range(pairs.truth.shape[1])])


def _correlation(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Return the weighted Pearson correlation of x and y, each (rows,) or (resamples, rows)."""
    total = weights.sum(axis=1)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.einsum("ij,ij->i", weights, np.broadcast_to(values, weights.shape)) / total)

    dx, dy = x - mean(x)[:, None], y - mean(y)[:, None]
    return ratio_or_nan(mean(dx * dy), np.sqrt(mean(dx * dx) * mean(dy * dy)))


def _auc(hits: Array, score: Floats) -> Statistic:
    """Return the Mann-Whitney form of the area under the ROC curve (Hanley and McNeil 1982), ties counted half."""
    ties = _Ties(score)
    positive = hits.astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        wins, losses = ties.sums(weights * positive), ties.sums(weights * (1.0 - positive))
        below = np.cumsum(losses, axis=1) - losses / 2.0
        return ratio_or_nan((wins * below).sum(axis=1), wins.sum(axis=1) * losses.sum(axis=1))

    return statistic


def _precision_area(hits: Array, score: Floats) -> Statistic:
    ties = _Ties(-score)
    positive = hits.astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        wins, every = ties.sums(weights * positive), ties.sums(weights)
        cumulated = np.maximum(np.cumsum(every, axis=1), 1e-300)
        precision = np.cumsum(wins, axis=1) / cumulated
        return ratio_or_nan((wins * precision).sum(axis=1), wins.sum(axis=1))

    return statistic


def _probability(area: Callable[[Array, Floats], Statistic]) -> Callable[[Metric, Pairs], Statistic]:
    def build(metric: Metric, pairs: Pairs) -> Statistic:
        columns = range(pairs.hits.shape[1])
        for j in columns:
            both_classes(metric, pairs.hits[:, j])
        return averaged([area(pairs.hits[:, j], pairs.numbers[:, j]) for j in columns])

    return build


def _one_against_rest(metric: Metric, pairs: Pairs) -> Statistic:
    truth = pairs.codes[:, 0]
    areas = [_auc(truth == c, pairs.numbers[:, c]) for c in present_classes(metric, pairs)]

    def statistic(weights: Floats) -> Floats:
        values = np.array([area(weights) for area in areas])
        known = np.isfinite(values)
        return ratio_or_nan(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))

    return statistic


RANKS: Mapping[str, Builder] = MappingProxyType(
    {
        "average_precision": _probability(_precision_area),
        "roc_auc": _probability(_auc),
        "roc_auc_mean_columnwise": _probability(_auc),
        "roc_auc_ovr": _one_against_rest,
        "spearman": _spearman,
    }
)
"""By name."""
