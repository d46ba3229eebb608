"""Metrics of labels.

Most are those of https://scikit-learn.org/stable/modules/model_evaluation.html#classification-metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Array, Pairs
from assay.grading.metrics.function import Function, NoValue


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


LABELS: Mapping[str, Function] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "balanced_accuracy": _balanced_accuracy,
        "f1": _averaged("f1_score", "binary"),
        "f1_macro": _averaged("f1_score", "macro"),
        "f1_micro": _averaged("f1_score", "micro"),
        "jaccard": _jaccard,
        "mcc": _mcc,
        "quadratic_kappa": _quadratic_kappa,
    }
)
"""By name."""
