"""The same metrics over many weightings of the rows at once, for the bootstrap and for the search of blends.

A weighting is a row of a matrix (resamples, rows) of counts: with every count 1 the result equals `metrics.compute`,
which is checked by test for every name. A resample on which the metric has no value gives NaN; callers drop those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading import metrics
from assay.grading.arrays import Array, Codes, Floats, Pairs

Statistic = Callable[[Floats], Floats]
"""Takes weights (resamples, rows), returns one value a resample."""
Cells = Callable[[Floats], Floats]
"""Takes confusion counts (resamples, true, predicted), returns one value a resample."""

_MOST_CELLS = 250_000


def prepare(metric: Metric, pairs: Pairs) -> Statistic | None:
    """Return the statistic of `metric` on `pairs` as a function of the weights, or None if there is no fast form.

    Raises:
        NoValue: The metric is not defined on these rows at all.
    """
    builder = _BUILDERS.get(metric.name)
    return None if builder is None else builder(metric, pairs)


def _mean(rows: Floats) -> Statistic:
    return lambda weights: (weights @ rows) / weights.sum(axis=1)


def _average(statistics: list[Statistic]) -> Statistic:
    return lambda weights: np.mean([statistic(weights) for statistic in statistics], axis=0)


# --- means over rows


def _error(row: Callable[[Floats, Floats], Floats], root: bool = False) -> Callable[[Metric, Pairs], Statistic]:
    def build(metric: Metric, pairs: Pairs) -> Statistic:
        columns = [_mean(row(pairs.truth[:, j], pairs.numbers[:, j])) for j in range(pairs.truth.shape[1])]
        rooted: list[Statistic] = [_rooted(column) for column in columns] if root else columns
        return _average(rooted)

    return build


def _rooted(statistic: Statistic) -> Statistic:
    return lambda weights: np.sqrt(statistic(weights))


def _squared(truth: Floats, predicted: Floats) -> Floats:
    return np.asarray((truth - predicted) ** 2)


def _rmsle(metric: Metric, pairs: Pairs) -> Statistic:
    metrics.above_minus_one(pairs)
    return _error(lambda t, p: (np.log1p(t) - np.log1p(p)) ** 2, root=True)(metric, pairs)


def _percentage(truth: Floats, predicted: Floats) -> Floats:
    return np.asarray(np.abs(truth - predicted) / np.maximum(np.abs(truth), np.finfo(np.float64).eps))


def _symmetric(truth: Floats, predicted: Floats) -> Floats:
    total = np.abs(truth) + np.abs(predicted)
    return np.asarray(np.divide(200.0 * np.abs(truth - predicted), total, out=np.zeros_like(total), where=total > 0))


def _log_loss(metric: Metric, pairs: Pairs) -> Statistic:
    tiny = np.finfo(np.float64).eps
    if pairs.codes.shape[1] == 1 and pairs.numbers.shape[1] > 1:
        right = metrics.normalised(pairs.numbers)[np.arange(pairs.rows), pairs.codes[:, 0]]
        return _mean(-np.log(np.clip(right, tiny, 1.0 - tiny)))
    p = np.clip(pairs.numbers, tiny, 1.0 - tiny)
    return _mean(-np.log(np.where(pairs.hits, p, 1.0 - p)).mean(axis=1))


def _brier(metric: Metric, pairs: Pairs) -> Statistic:
    if pairs.codes.shape[1] == 1 and pairs.numbers.shape[1] > 1:
        one_hot = np.eye(pairs.numbers.shape[1])[pairs.codes[:, 0]]
        return _mean(((one_hot - pairs.numbers) ** 2).sum(axis=1))
    return _mean(((pairs.hits - pairs.numbers) ** 2).mean(axis=1))


def _accuracy(metric: Metric, pairs: Pairs) -> Statistic:
    return _mean((pairs.codes == pairs.labels).mean(axis=1))


def _map_at_k(metric: Metric, pairs: Pairs) -> Statistic:
    return _mean(metrics.precision_at(metric, pairs))


# --- moments


def _r2(metric: Metric, pairs: Pairs) -> Statistic:
    def column(truth: Floats, predicted: Floats) -> Statistic:
        centred = truth - truth.mean()
        errors, first, second = _mean((truth - predicted) ** 2), _mean(centred), _mean(centred**2)

        def statistic(weights: Floats) -> Floats:
            return _ratio_or_nan(errors(weights), second(weights) - first(weights) ** 2, below=1.0)

        return statistic

    return _average([column(pairs.truth[:, j], pairs.numbers[:, j]) for j in range(pairs.truth.shape[1])])


def _ratio_or_nan(above: Floats, under: Floats, below: float = 0.0) -> Floats:
    """Return `above / under`, or `below - above / under` when `below` is not 0; NaN where `under` is not positive."""
    ratio = np.divide(above, under, out=np.full_like(above, np.nan), where=under > 1e-300)
    return np.asarray(below - ratio if below else ratio)


def _correlation(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Return the weighted Pearson correlation of x and y, each (rows,) or (resamples, rows)."""
    total = weights.sum(axis=1)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.einsum("ij,ij->i", weights, np.broadcast_to(values, weights.shape)) / total)

    dx, dy = x - mean(x)[:, None], y - mean(y)[:, None]
    return _ratio_or_nan(mean(dx * dy), np.sqrt(mean(dx * dx) * mean(dy * dy)))


def _pearson(metric: Metric, pairs: Pairs) -> Statistic:
    """All columns by five matrix products: hundreds of targets would take minutes one by one."""
    metrics.varying(metric, pairs)
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


def _pearson_rowwise(metric: Metric, pairs: Pairs) -> Statistic:
    return _mean(metrics.row_correlations(metric, pairs))


# --- ranks


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
    metrics.varying(metric, pairs)

    def column(j: int) -> Statistic:
        truth, predicted = _Ties(pairs.truth[:, j]), _Ties(pairs.numbers[:, j])
        return lambda weights: _correlation(weights, truth.ranks(weights), predicted.ranks(weights))

    return _average([column(j) for j in range(pairs.truth.shape[1])])


def _auc(hits: Array, score: Floats) -> Statistic:
    """Return the Mann-Whitney form of the area under the ROC curve (Hanley and McNeil 1982), ties counted half."""
    ties = _Ties(score)
    positive = hits.astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        wins, losses = ties.sums(weights * positive), ties.sums(weights * (1.0 - positive))
        below = np.cumsum(losses, axis=1) - losses / 2.0
        return _ratio_or_nan((wins * below).sum(axis=1), wins.sum(axis=1) * losses.sum(axis=1))

    return statistic


def _precision_area(hits: Array, score: Floats) -> Statistic:
    ties = _Ties(-score)
    positive = hits.astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        wins, every = ties.sums(weights * positive), ties.sums(weights)
        cumulated = np.maximum(np.cumsum(every, axis=1), 1e-300)
        precision = np.cumsum(wins, axis=1) / cumulated
        return _ratio_or_nan((wins * precision).sum(axis=1), wins.sum(axis=1))

    return statistic


def _probability(area: Callable[[Array, Floats], Statistic]) -> Callable[[Metric, Pairs], Statistic]:
    def build(metric: Metric, pairs: Pairs) -> Statistic:
        columns = range(pairs.hits.shape[1])
        for j in columns:
            metrics.both_classes(metric, pairs.hits[:, j])
        return _average([area(pairs.hits[:, j], pairs.numbers[:, j]) for j in columns])

    return build


def _one_against_rest(metric: Metric, pairs: Pairs) -> Statistic:
    truth = pairs.codes[:, 0]
    areas = [_auc(truth == c, pairs.numbers[:, c]) for c in metrics.present_classes(metric, pairs)]

    def statistic(weights: Floats) -> Floats:
        values = np.array([area(weights) for area in areas])
        known = np.isfinite(values)
        return _ratio_or_nan(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))

    return statistic


# --- confusion counts


def confusion(codes: Codes, labels: Codes, size: int, weights: Floats) -> Floats:
    """Return the weighted counts of (true, predicted) for each weighting, shape (weightings, size, size)."""
    cells = codes * size + labels
    counts = [np.bincount(cells, weights=row, minlength=size * size) for row in weights]
    return np.array(counts, dtype=np.float64).reshape(len(weights), size, size)


def cells_of(metric: Metric, positive: int) -> Cells | None:
    """Return `metric` as a function of confusion counts, or None if it is not one."""
    maker = _CELLS.get(metric.name)
    return None if maker is None else maker(positive)


def _in_columns(metric: Metric, pairs: Pairs) -> bool:
    return pairs.codes.shape[1] == 1 or (metric.name in _PER_COLUMN and len(pairs.classes) == 2)


def _from_cells(metric: Metric, pairs: Pairs) -> Statistic | None:
    size = len(pairs.classes)
    cells = cells_of(metric, pairs.positive)
    if cells is None or size * size > _MOST_CELLS or not _in_columns(metric, pairs):
        return None
    metrics.compute(metric, pairs)

    def column(j: int) -> Statistic:
        return lambda weights: cells(confusion(pairs.codes[:, j], pairs.labels[:, j], size, weights))

    return _average([column(j) for j in range(pairs.codes.shape[1])])


_PER_COLUMN = frozenset({"balanced_accuracy", "mcc", "quadratic_kappa", "f1", "jaccard"})
"""Metrics whose value for several 0/1 columns is the mean of the columns' values."""


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
    return _ratio_or_nan(observed, expected, below=1.0)


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

_BUILDERS: Mapping[str, Callable[[Metric, Pairs], Statistic | None]] = MappingProxyType(
    {
        **dict.fromkeys(_CELLS, _from_cells),
        "accuracy": _accuracy,
        "average_precision": _probability(_precision_area),
        "brier": _brier,
        "log_loss": _log_loss,
        "mae": _error(lambda truth, predicted: np.abs(truth - predicted)),
        "map_at_k": _map_at_k,
        "mape": _error(_percentage),
        "pearson": _pearson,
        "pearson_mean_rowwise": _pearson_rowwise,
        "r2": _r2,
        "rmse": _error(_squared, root=True),
        "rmse_mean_columnwise": _error(_squared, root=True),
        "rmsle": _rmsle,
        "rmsle_mean_columnwise": _rmsle,
        "roc_auc_mean_columnwise": _probability(_auc),
        "roc_auc": _probability(_auc),
        "roc_auc_ovr": _one_against_rest,
        "smape": _error(_symmetric),
        "spearman": _spearman,
    }
)
