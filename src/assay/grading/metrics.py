"""The metrics by name: scikit-learn and SciPy compute wherever they know the measure.

A metric that has no value on some rows says why (`Undefined`); it never becomes NaN. The same measures over many
resamples at once are in `weighted`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.errors import TaskError
from assay.core.metric import Metric
from assay.grading.arrays import Array, Floats, Pairs
from assay.grading.stats import Undefined

Function = Callable[[Metric, Pairs], float]


class NoValue(ValueError):
    """The metric has no value here.

    Args:
        reason: One sentence.
        by_predictions: Whether other predictions on the same rows could have a value.
    """

    def __init__(self, reason: str, *, by_predictions: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.by_predictions = by_predictions


def compute(metric: Metric, pairs: Pairs) -> float:
    """Return the value of `metric` on `pairs`.

    Raises:
        NoValue: It is not defined on these rows, and why.
        TaskError: E130: no function has this name.
    """
    function = _FUNCTIONS.get(metric.name)
    if function is None:
        raise TaskError(
            "E130", f"no metric is named {metric.name!r}", fix=f"use one of {', '.join(metric_functions())}"
        )
    if pairs.rows == 0:
        raise NoValue("there are no rows to grade", by_predictions=False)
    value = float(function(metric, pairs))
    if not math.isfinite(value):
        raise NoValue(f"{metric.name} is {value} on these rows: the numbers are too large", by_predictions=True)
    return value


def value_or_reason(metric: Metric, pairs: Pairs) -> float | Undefined:
    """Return the value, or the stated reason why there is none."""
    try:
        return compute(metric, pairs)
    except NoValue as absent:
        return Undefined(reason=absent.reason)


def metric_functions() -> tuple[str, ...]:
    """Return the names of all metrics that can be computed, sorted."""
    return tuple(sorted(_FUNCTIONS))


def by_column(function: Callable[[Array, Array], float], pairs: Pairs) -> float:
    """Return the mean of `function(truth, predicted)` over the target columns."""
    columns = range(pairs.truth.shape[1])
    return float(np.mean([function(pairs.truth[:, j], pairs.numbers[:, j]) for j in columns]))


# --- labels: https://scikit-learn.org/stable/modules/model_evaluation.html#classification-metrics


def _accuracy(metric: Metric, pairs: Pairs) -> float:
    return float((pairs.codes == pairs.labels).mean())


def _label_columns(pairs: Pairs, function: Callable[[Array, Array], float]) -> float:
    columns = range(pairs.codes.shape[1])
    return float(np.mean([function(pairs.codes[:, j], pairs.labels[:, j]) for j in columns]))


def _balanced_accuracy(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import recall_score

    def one(truth: Array, predicted: Array) -> float:
        present = np.unique(truth)
        return float(recall_score(truth, predicted, labels=present, average="macro", zero_division=0))

    return _label_columns(pairs, one)


def _averaged(score: str, average: str) -> Function:
    """Return F1 or Jaccard; several 0/1 columns are averaged as scikit-learn averages multilabel targets."""

    def function(metric: Metric, pairs: Pairs) -> float:
        import sklearn.metrics as library

        measure = getattr(library, score)
        if pairs.codes.shape[1] > 1:
            shape = "macro" if average == "binary" else average
            return float(measure(pairs.hits, pairs.labels == pairs.positive, average=shape, zero_division=0))
        truth, predicted = pairs.codes[:, 0], pairs.labels[:, 0]
        if average == "binary":
            _two_classes(metric, pairs)
            return float(measure(truth == pairs.positive, predicted == pairs.positive, zero_division=0))
        return float(measure(truth, predicted, average=average, zero_division=0))

    return function


def _jaccard(metric: Metric, pairs: Pairs) -> float:
    """Intersection over union of the positive class; the mean over the classes when there are more than two."""
    return _averaged("jaccard_score", "macro" if len(pairs.classes) > 2 else "binary")(metric, pairs)


def _two_classes(metric: Metric, pairs: Pairs) -> None:
    if len(pairs.classes) > 2:
        raise NoValue(f"{metric.name} needs two classes, the target has {len(pairs.classes)}", by_predictions=False)


def _mcc(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import matthews_corrcoef

    return _label_columns(pairs, lambda truth, predicted: float(matthews_corrcoef(truth, predicted)))


def _quadratic_kappa(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import cohen_kappa_score

    def one(truth: Array, predicted: Array) -> float:
        if truth.min() == truth.max() == predicted.min() == predicted.max():
            raise NoValue("quadratic kappa needs more than one label among the answers", by_predictions=False)
        order = np.arange(len(pairs.classes))
        return float(cohen_kappa_score(truth, predicted, labels=order, weights="quadratic"))

    return _label_columns(pairs, one)


# --- probabilities


def both_classes(metric: Metric, hits: Array, where: str = "") -> None:
    """Raise NoValue unless some answers are positive and some are not."""
    positives = int(hits.sum())
    if positives in (0, len(hits)):
        which = "positive" if positives else "negative"
        raise NoValue(f"all {len(hits)} answers{where} are {which}; {metric.name} needs both", by_predictions=False)


def _roc_auc(metric: Metric, pairs: Pairs) -> float:
    """Area under the ROC curve; the mean over columns when there are several targets."""
    from sklearn.metrics import roc_auc_score

    return _probability_columns(metric, pairs, lambda hits, p: float(roc_auc_score(hits, p)))


def _average_precision(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import average_precision_score

    return _probability_columns(metric, pairs, lambda hits, p: float(average_precision_score(hits, p)))


def _probability_columns(metric: Metric, pairs: Pairs, function: Callable[[Array, Array], float]) -> float:
    several = pairs.hits.shape[1] > 1
    values = []
    for j in range(pairs.hits.shape[1]):
        both_classes(metric, pairs.hits[:, j], f" of target {j + 1}" if several else "")
        values.append(function(pairs.hits[:, j], pairs.numbers[:, j]))
    return float(np.mean(values))


def present_classes(metric: Metric, pairs: Pairs) -> list[int]:
    """Return the classes among the answers; at least two, or NoValue is raised."""
    present = np.unique(pairs.codes[:, 0])
    if len(present) < 2:
        raise NoValue(f"all answers are of one class; {metric.name} needs two", by_predictions=False)
    return [int(c) for c in present]


def _roc_auc_ovr(metric: Metric, pairs: Pairs) -> float:
    """Unweighted mean over the classes that occur of one class against the rest (Fawcett 2006, section 10)."""
    from sklearn.metrics import roc_auc_score

    truth = pairs.codes[:, 0]
    present = present_classes(metric, pairs)
    return float(np.mean([roc_auc_score(truth == c, pairs.numbers[:, c]) for c in present]))


def normalised(numbers: Floats) -> Floats:
    """Return class probabilities divided by their row sums; validation has refused rows that sum to zero."""
    return np.asarray(numbers / numbers.sum(axis=1, keepdims=True))


def _log_loss(metric: Metric, pairs: Pairs) -> float:
    from sklearn.metrics import log_loss

    if pairs.codes.shape[1] == 1 and pairs.numbers.shape[1] > 1:
        order = np.arange(pairs.numbers.shape[1])
        return float(log_loss(pairs.codes[:, 0], normalised(pairs.numbers), labels=order))
    columns = range(pairs.hits.shape[1])
    return float(np.mean([log_loss(pairs.hits[:, j], pairs.numbers[:, j], labels=[False, True]) for j in columns]))


def _brier(metric: Metric, pairs: Pairs) -> float:
    """Mean squared error of the probabilities (Brier 1950); for several classes summed over them, in [0, 2]."""
    from sklearn.metrics import mean_squared_error

    if pairs.codes.shape[1] == 1 and pairs.numbers.shape[1] > 1:
        one_hot = np.eye(pairs.numbers.shape[1])[pairs.codes[:, 0]]
        return float(mean_squared_error(one_hot, pairs.numbers) * pairs.numbers.shape[1])
    return float(mean_squared_error(pairs.hits.astype(float), pairs.numbers))


# --- values: https://scikit-learn.org/stable/modules/model_evaluation.html#regression-metrics


def _library(name: str) -> Function:
    """Return the mean over the target columns of a regression measure of scikit-learn."""

    def function(metric: Metric, pairs: Pairs) -> float:
        import sklearn.metrics as library

        measure = getattr(library, name)
        return by_column(lambda truth, predicted: float(measure(truth, predicted)), pairs)

    return function


def above_minus_one(pairs: Pairs) -> None:
    """Raise NoValue unless log(1 + x) exists for every answer and prediction."""
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
    """Raise NoValue unless answers and predictions of every column take more than one value."""
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


# --- rankings


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


_FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "average_precision": _average_precision,
        "balanced_accuracy": _balanced_accuracy,
        "brier": _brier,
        "f1": _averaged("f1_score", "binary"),
        "f1_macro": _averaged("f1_score", "macro"),
        "f1_micro": _averaged("f1_score", "micro"),
        "jaccard": _jaccard,
        "log_loss": _log_loss,
        "mae": _library("mean_absolute_error"),
        "map_at_k": _map_at_k,
        "mape": _library("mean_absolute_percentage_error"),
        "mcc": _mcc,
        "pearson": _correlation("pearsonr"),
        "pearson_mean_rowwise": _pearson_rowwise,
        "quadratic_kappa": _quadratic_kappa,
        "r2": _r2,
        "rmse": _library("root_mean_squared_error"),
        "rmse_mean_columnwise": _library("root_mean_squared_error"),
        "rmsle": _rmsle,
        "rmsle_mean_columnwise": _rmsle,
        "roc_auc": _roc_auc,
        "roc_auc_mean_columnwise": _roc_auc,
        "roc_auc_ovr": _roc_auc_ovr,
        "smape": _smape,
        "spearman": _correlation("spearmanr"),
    }
)
