"""Metrics of probabilities.

Most are those of https://scikit-learn.org/stable/modules/model_evaluation.html#classification-metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Array, Floats, Pairs
from assay.grading.metrics.function import Function, NoValue


def both_classes(metric: Metric, hits: Array, where: str = "") -> None:
    """Make sure that some answers are positive and some are not.

    Args:
        metric: Named in the reason.
        hits: Whether each answer is positive, shape (rows,).
        where: What to say about which answers they are.

    Raises:
        NoValue: They are all alike.
    """
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
    """Return the codes of the classes among the answers, at least two.

    Raises:
        NoValue: There is one only.
    """
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


PROBABILITIES: Mapping[str, Function] = MappingProxyType(
    {
        "average_precision": _average_precision,
        "brier": _brier,
        "log_loss": _log_loss,
        "roc_auc": _roc_auc,
        "roc_auc_mean_columnwise": _roc_auc,
        "roc_auc_ovr": _roc_auc_ovr,
    }
)
"""By name."""
