"""Metrics of numbers.

Most are those of https://scikit-learn.org/stable/modules/model_evaluation.html#regression-metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Array, Floats, Pairs
from assay.grading.metrics.function import Function, NoValue


def by_column(function: Callable[[Array, Array], float], pairs: Pairs) -> float:
    """Return the mean of `function(truth, predicted)` over the target columns."""
    columns = range(pairs.truth.shape[1])
    return float(np.mean([function(pairs.truth[:, j], pairs.numbers[:, j]) for j in columns]))


def _library(name: str) -> Function:
    """Return the mean over the target columns of a regression measure of scikit-learn."""

    def function(metric: Metric, pairs: Pairs) -> float:
        import sklearn.metrics as library

        measure = getattr(library, name)
        return by_column(lambda truth, predicted: float(measure(truth, predicted)), pairs)

    return function


def above_minus_one(pairs: Pairs) -> None:
    """Make sure that log(1 + x) exists for every answer and prediction.

    Raises:
        NoValue: One of them is -1 or below.
    """
    if (pairs.truth <= -1).any():
        raise NoValue("some answers are -1 or below; the logarithm of 1 + x needs more", by_predictions=False)
    low = int((pairs.numbers <= -1).sum())
    if low:
        raise NoValue(
            f"{low} predictions are -1 or below; the metric takes the logarithm of 1 + x, so clip them at 0",
            by_predictions=True,
        )


def _rmsle(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import root_mean_squared_error

    above_minus_one(pairs)
    return by_column(lambda t, p: float(root_mean_squared_error(np.log1p(t), np.log1p(p))), pairs)


def _smape(metric: Metric, pairs: Pairs) -> float:
    """Symmetric mean absolute percentage error in percent, 0 to 200; 0/0 counts as 0 (Makridakis et al. 2020, M4)."""
    total = np.abs(pairs.truth) + np.abs(pairs.numbers)
    share = np.divide(np.abs(pairs.truth - pairs.numbers), total, out=np.zeros_like(total), where=total > 0)
    return float(200.0 * share.mean())


def _r2(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import r2_score

    if pairs.rows < 2 or (np.ptp(pairs.truth, axis=0) == 0).any():
        raise NoValue("the answers do not vary, so R2 has no scale", by_predictions=False)
    return by_column(lambda truth, predicted: float(r2_score(truth, predicted)), pairs)


def _correlation(name: str) -> Function:
    """Return Pearson's or Spearman's coefficient from SciPy, averaged over the target columns."""

    def function(metric: Metric, pairs: Pairs) -> float:
        from scipy import stats as library

        measure = getattr(library, name)
        varying(metric, pairs)
        return by_column(lambda truth, predicted: float(measure(truth, predicted).statistic), pairs)

    return function


def varying(metric: Metric, pairs: Pairs) -> None:
    """Make sure that answers and predictions of every column take more than one value.

    Raises:
        NoValue: Those of some column do not.
    """
    if pairs.rows < 2 or (np.ptp(pairs.truth, axis=0) == 0).any():
        raise NoValue(f"the answers do not vary, so {metric.name} is not defined", by_predictions=False)
    # A spread that the mean swallows is rounding: SciPy would warn and return noise.
    spread, size = np.ptp(pairs.numbers, axis=0), np.abs(pairs.numbers).max(axis=0)
    if (spread <= 1e-13 * size).any():
        raise NoValue(f"the predictions do not vary, so {metric.name} is not defined", by_predictions=True)


def row_correlations(metric: Metric, pairs: Pairs) -> Floats:
    """Return Pearson's coefficient of the answers and predictions of each row, over its target columns.

    A row whose predictions do not vary tells nothing about its profile and counts as 0. SciPy's `pearsonr` over an axis
    would warn about such rows and give NaN.

    Raises:
        NoValue: There is one target, or the answers of some row do not vary.
    """
    if pairs.truth.shape[1] < 2:
        raise NoValue(f"{metric.name} correlates the targets of a row and needs several", by_predictions=False)
    if (np.ptp(pairs.truth, axis=1) == 0).any():
        raise NoValue(f"the answers of some row do not vary, so {metric.name} is not defined", by_predictions=False)
    truth = pairs.truth - pairs.truth.mean(axis=1, keepdims=True)
    numbers = pairs.numbers - pairs.numbers.mean(axis=1, keepdims=True)
    spread, size = np.ptp(pairs.numbers, axis=1), np.abs(pairs.numbers).max(axis=1)
    norms = np.linalg.norm(truth, axis=1) * np.linalg.norm(numbers, axis=1)
    told = (spread > 1e-13 * size) & (norms > 0)
    products = np.einsum("ij,ij->i", truth, numbers)
    return np.asarray(np.clip(np.divide(products, norms, out=np.zeros_like(norms), where=told), -1.0, 1.0))


def _pearson_rowwise(metric: Metric, pairs: Pairs) -> float:
    return float(row_correlations(metric, pairs).mean())


VALUES: Mapping[str, Function] = MappingProxyType(
    {
        "mae": _library("mean_absolute_error"),
        "mape": _library("mean_absolute_percentage_error"),
        "pearson": _correlation("pearsonr"),
        "pearson_mean_rowwise": _pearson_rowwise,
        "r2": _r2,
        "rmse": _library("root_mean_squared_error"),
        "rmse_mean_columnwise": _library("root_mean_squared_error"),
        "rmsle": _rmsle,
        "rmsle_mean_columnwise": _rmsle,
        "smape": _smape,
        "spearman": _correlation("spearmanr"),
    }
)
"""By name."""
