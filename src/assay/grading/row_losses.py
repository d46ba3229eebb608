"""What each row costs a prediction, and in which direction it is wrong. Runs in the grading process only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.core.metric import Metric, Needs
from assay.grading.arrays import Floats, Pairs

_SQUARED = frozenset({"mse", "r2", "rmse"})
_OF_LOGARITHMS = frozenset({"msle", "rmsle", "rmsle_mean_columnwise"})
_OF_ORDER = frozenset({"average_precision", "roc_auc"})
_LEAST = 1e-6
"""Probability below which a loss grows no further: a single row must not drown the others."""


@dataclass(frozen=True, kw_only=True)
class RowLosses:
    """One entry a row."""

    measure: str
    """What the mean loss is, in a few words, after `rooted`."""
    rooted: bool
    """Whether the root is taken of means."""
    loss: Floats
    """At least 0."""
    error: Floats
    """Signed where there is a direction: predicted minus true."""
    predicted: Floats | None = None
    """What was predicted, where that is one number."""
    truth: Floats | None = None
    """The same of what is true."""
    given: tuple[str, ...] = ()
    """The label that each row was given, where labels can be told from the predictions."""
    true: tuple[str, ...] = ()
    """The label that is right."""


def row_losses(metric: Metric, pairs: Pairs) -> RowLosses:
    """Return what each row costs, measured as near to the metric as single rows allow.

    Squared, absolute or squared logarithmic errors of numbers; the share of the rows of the other class that a row is
    ordered wrongly against for metrics of order; the log loss of other probabilities; and whether a label is wrong.
    Of several targets the first alone counts.
    """
    if pairs.needs is Needs.VALUES:
        return _of_numbers(metric, pairs.truth[:, 0], pairs.numbers[:, 0])
    if pairs.needs is Needs.PROBABILITY:
        return _of_probability(metric, pairs)
    if pairs.needs is Needs.CLASS_PROBABILITIES:
        return _of_classes(pairs)
    if pairs.needs is Needs.LABELS:
        given, true = pairs.labels[:, 0], pairs.codes[:, 0]
        return _of_labels("share wrong", [pairs.classes[at] for at in given], [pairs.classes[at] for at in true])
    first, right = [row[0] if row else "" for row in pairs.ranked], [row[0] if row else "" for row in pairs.relevant]
    return _of_labels("share whose first label is wrong", first, right)


def _of_numbers(metric: Metric, truth: Floats, predicted: Floats) -> RowLosses:
    error = predicted - truth
    measure, rooted, loss = "mean absolute error", False, np.abs(error)
    if metric.name in _SQUARED:
        measure, rooted, loss = "root mean squared error", True, error**2
    elif metric.name in _OF_LOGARITHMS and (truth > -1).all() and (predicted > -1).all():
        error = np.log1p(predicted) - np.log1p(truth)
        measure, rooted, loss = "root mean squared error of logarithms", True, error**2
    return RowLosses(measure=measure, rooted=rooted, loss=loss, error=error, predicted=predicted, truth=truth)


def _of_probability(metric: Metric, pairs: Pairs) -> RowLosses:
    hit, chance = pairs.hits[:, 0].astype(np.float64), pairs.numbers[:, 0]
    true = tuple(pairs.classes[at] for at in pairs.codes[:, 0])
    error = chance - hit
    if metric.name in _OF_ORDER and 0 < hit.sum() < len(hit):
        measure, loss = "share of pairs ordered wrongly", _misplaced(hit > 0, chance)
    else:
        right = np.clip(np.where(hit > 0, chance, 1.0 - chance), _LEAST, 1.0)
        measure, loss = "log loss", -np.log(right)
    return RowLosses(measure=measure, rooted=False, loss=loss, error=error, predicted=chance, true=true)


def _misplaced(hit: np.ndarray, chance: Floats) -> Floats:
    """Return of each row the share of the rows of the other class on its wrong side; ties count half."""
    loss = np.empty(len(hit))
    for own in (True, False):
        rows, others = chance[hit == own], np.sort(chance[hit != own])
        below = np.searchsorted(others, rows, side="left")
        ties = np.searchsorted(others, rows, side="right") - below
        above = len(others) - below - ties
        loss[hit == own] = ((above if own else below) + 0.5 * ties) / len(others)
    return loss


def _of_classes(pairs: Pairs) -> RowLosses:
    sums = pairs.numbers.sum(axis=1)
    places, true = np.arange(pairs.rows), pairs.codes[:, 0]
    right = np.clip(pairs.numbers[places, true] / np.where(sums > 0, sums, 1.0), _LEAST, 1.0)
    return RowLosses(
        measure="log loss",
        rooted=False,
        loss=-np.log(right),
        error=1.0 - right,
        given=tuple(pairs.classes[at] for at in pairs.numbers.argmax(axis=1)),
        true=tuple(pairs.classes[at] for at in true),
    )


def _of_labels(measure: str, given: list[str], true: list[str]) -> RowLosses:
    wrong = np.array([one != other for one, other in zip(given, true, strict=True)], dtype=np.float64)
    return RowLosses(measure=measure, rooted=False, loss=wrong, error=wrong, given=tuple(given), true=tuple(true))
