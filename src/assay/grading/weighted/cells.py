"""Metrics that are functions of confusion counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Codes, Floats, Pairs
from assay.grading.metrics.compute import compute
from assay.grading.weighted.statistic import Builder, Statistic, averaged, ratio_or_nan

Cells = Callable[[Floats], Floats]
"""Takes confusion counts (resamples, true, predicted), returns one value a resample."""
_MOST_CELLS = 250_000
_PER_COLUMN = frozenset({"balanced_accuracy", "mcc", "quadratic_kappa", "f1", "jaccard"})
"""Metrics whose value for several 0/1 columns is the mean of the columns' values."""


def confusion(codes: Codes, labels: Codes, size: int, weights: Floats) -> Floats:
    """Return the weighted counts of (true, predicted) for each weighting, shape (weightings, size, size).

    Args:
        codes: True class of each row, shape (rows,), in [0, size).
        labels: Predicted class, likewise.
        size: Number of classes.
        weights: Shape (weightings, rows).
    """
    cells = codes * size + labels
    counts = [np.bincount(cells, weights=row, minlength=size * size) for row in weights]
    return np.array(counts, dtype=np.float64).reshape(len(weights), size, size)


def cells_of(metric: Metric, positive: int) -> Cells | None:
    """Return `metric` as a function of confusion counts, or None if it is not one.

    Args:
        metric: A named metric.
        positive: Code of the positive class, for the metrics that have one.
    """
    maker = _CELLS.get(metric.name)
    return None if maker is None else maker(positive)


def _in_columns(metric: Metric, pairs: Pairs) -> bool:
    return pairs.codes.shape[1] == 1 or (metric.name in _PER_COLUMN and len(pairs.classes) == 2)


def _from_cells(metric: Metric, pairs: Pairs) -> Statistic | None:
    size = len(pairs.classes)
    cells = cells_of(metric, pairs.positive)
    if cells is None or size * size > _MOST_CELLS or not _in_columns(metric, pairs):
        return None
    compute(metric, pairs)

    def column(j: int) -> Statistic:
        return lambda weights: cells(confusion(pairs.codes[:, j], pairs.labels[:, j], size, weights))

    return averaged([column(j) for j in range(pairs.codes.shape[1])])


def _share(above: Floats, under: Floats) -> Floats:
    """Return `above / under`, 0 where nothing is under it: scikit-learn's `zero_division=0`."""
    return np.divide(above, under, out=np.zeros_like(above), where=under > 0)


def _parts(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Return true positives, answers and predictions of each class, each (resamples, classes)."""
    return np.einsum("rkk->rk", counts), counts.sum(axis=2), counts.sum(axis=1)


def _f1_each(counts: Floats) -> Floats:
    hits, answers, predictions = _parts(counts)
    return _share(2.0 * hits, answers + predictions)


def _jaccard_each(counts: Floats) -> Floats:
    hits, answers, predictions = _parts(counts)
    return _share(hits, answers + predictions - hits)


def _of_positive(each: Cells) -> Callable[[int], Cells]:
    return lambda positive: lambda counts: each(counts)[:, positive]


def _macro(each: Cells) -> Callable[[int], Cells]:
    """Return the mean over the classes that occur among answers or predictions, as scikit-learn does."""

    def cells(counts: Floats) -> Floats:
        values = each(counts)
        seen = (counts.sum(axis=1) + counts.sum(axis=2)) > 0
        return _share((values * seen).sum(axis=1), seen.sum(axis=1).astype(np.float64))

    return lambda positive: cells


def _jaccard_cells(positive: int) -> Cells:
    one, mean = _of_positive(_jaccard_each)(positive), _macro(_jaccard_each)(positive)
    return lambda counts: one(counts) if counts.shape[1] <= 2 else mean(counts)


def _accuracy_cells(counts: Floats) -> Floats:
    return _share(np.einsum("rkk->r", counts), counts.sum(axis=(1, 2)))


def _balanced_cells(counts: Floats) -> Floats:
    hits, answers, _ = _parts(counts)
    seen = answers > 0
    return _share(_share(hits, answers).sum(axis=1), seen.sum(axis=1).astype(np.float64))


def _mcc_cells(counts: Floats) -> Floats:
    """Matthews correlation for any number of classes (Gorodkin 2004); 0 where one side is constant."""
    hits, answers, predictions = _parts(counts)
    total = counts.sum(axis=(1, 2))
    joint = hits.sum(axis=1) * total - (answers * predictions).sum(axis=1)
    spread = (total**2 - (predictions**2).sum(axis=1)) * (total**2 - (answers**2).sum(axis=1))
    return _share(joint, np.sqrt(np.maximum(spread, 0.0)))


def _kappa_cells(counts: Floats) -> Floats:
    place = np.arange(counts.shape[1], dtype=np.float64)
    distance = (place[:, None] - place[None, :]) ** 2
    _, answers, predictions = _parts(counts)
    observed = (counts * distance).sum(axis=(1, 2)) * counts.sum(axis=(1, 2))
    expected = np.einsum("ri,rj,ij->r", answers, predictions, distance)
    return ratio_or_nan(observed, expected, below=1.0)


def _plain(cells: Cells) -> Callable[[int], Cells]:
    return lambda positive: cells


_CELLS: Mapping[str, Callable[[int], Cells]] = MappingProxyType(
    {
        "accuracy": _plain(_accuracy_cells),
        "balanced_accuracy": _plain(_balanced_cells),
        "f1": _of_positive(_f1_each),
        "f1_macro": _macro(_f1_each),
        "f1_micro": _plain(_accuracy_cells),
        "jaccard": _jaccard_cells,
        "mcc": _plain(_mcc_cells),
        "quadratic_kappa": _plain(_kappa_cells),
    }
)

CELLS: Mapping[str, Builder] = MappingProxyType(dict.fromkeys(_CELLS, _from_cells))
"""By name."""
