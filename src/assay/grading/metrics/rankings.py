"""Metrics of ranked labels."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Floats, Pairs
from assay.grading.metrics.function import Function


def precision_at(metric: Metric, pairs: Pairs) -> Floats:
    """Return the average precision at k of each row.

    AP@k = sum over the ranks i <= k that hold a new right label of (right labels so far) / i, divided by
    min(k, number of right labels): Manning, Raghavan and Schütze, "Introduction to information retrieval", section
    8.4, cut at k as on Kaggle. Scikit-learn has no version for lists that are cut off.
    """
    k = int(metric.param("k", 5))
    rows = zip(pairs.relevant, pairs.ranked, strict=True)
    return np.array([_average_at(k, relevant, ranked) for relevant, ranked in rows])


def _average_at(k: int, relevant: tuple[str, ...], ranked: tuple[str, ...]) -> float:
    wanted, total, found = set(relevant), 0.0, 0
    for rank, label in enumerate(ranked[:k], start=1):
        if label in wanted:
            wanted.discard(label)
            found += 1
            total += found / rank
    return total / max(1, min(k, len(set(relevant))))


def _map_at_k(metric: Metric, pairs: Pairs) -> float:
    return float(precision_at(metric, pairs).mean())


RANKINGS: Mapping[str, Function] = MappingProxyType(
    {
        "map_at_k": _map_at_k,
    }
)
"""By name."""
