"""Rules: how a mix of members becomes predictions, and what these are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assay.core.metric import Metric, Needs
from assay.grading.arrays import Array, Codes, Floats, Pairs
from assay.grading.metrics import NoValue, compute
from assay.grading.weighted import cells_of, prepare

WORST = -np.inf
"""The gain of a mix that has no value."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Weights by member position, and the rule that turns the mix into predictions."""

    weights: Floats
    """Shape (members,)."""
    rule: str
    """See `rule_for`; `rank` is `mean` of ranks."""
    threshold: float = 0.5
    """Share of the votes from which on a label is the positive one, in [0, 1]."""


def predicted(pairs: Pairs, mixed: Floats, choice: Choice, metric: Metric) -> Pairs:
    """Return `pairs` with the predictions that `choice` makes of the mixed numbers.

    Args:
        pairs: The rows.
        mixed: Weighted means of what the members predicted, shape (rows, columns).
        choice: The rule and its threshold.
        metric: Knows its k, where labels are ranked.
    """
    if choice.rule in ("mean", "rank"):
        return replace(pairs, numbers=mixed)
    if choice.rule == "top":
        best = np.argsort(-mixed, axis=1, kind="stable")[:, : int(metric.param("k", 5))]
        return replace(pairs, ranked=tuple(tuple(pairs.classes[k] for k in row) for row in best.tolist()))
    return replace(pairs, labels=_labels(pairs, mixed, choice))


def _labels(pairs: Pairs, mixed: Floats, choice: Choice) -> Codes:
    if choice.rule == "argmax":
        return np.asarray(mixed.argmax(axis=1)[:, None], dtype=np.int64)
    column = mixed[:, [pairs.positive]] if choice.rule == "threshold" else mixed
    return np.where(column >= choice.threshold, pairs.positive, 1 - pairs.positive)


def gain_of(metric: Metric, rule: str, pairs: list[Pairs], mixed: list[Floats]) -> tuple[float, float]:
    """Return the mean score over the parts, larger is better, and the threshold that reaches it.

    Args:
        metric: A named metric.
        rule: See `rule_for`; only `threshold` has one, for the others it is 0.5.
        pairs: The rows of each part.
        mixed: Weighted means of what the members predicted on each part, shape (rows, columns).
    """
    sign = 1.0 if metric.higher_is_better else -1.0
    if rule == "threshold":
        return _best_threshold(metric, pairs, mixed, sign)
    choice = Choice(weights=np.empty(0), rule=rule)
    values = []
    for part, numbers in zip(pairs, mixed, strict=True):
        try:
            values.append(_quick(metric, part, numbers, choice))
        except NoValue:
            return WORST, 0.5
    mean = sign * float(np.mean(values))
    return (mean if np.isfinite(mean) else WORST), 0.5


def _quick(metric: Metric, pairs: Pairs, mixed: Floats, choice: Choice) -> float:
    if choice.rule == "top":
        return _single_relevant(metric, pairs, mixed)
    made = predicted(pairs, mixed, choice, metric)
    statistic = prepare(metric, made)
    return compute(metric, made) if statistic is None else float(statistic(np.ones((1, made.rows)))[0])


def _single_relevant(metric: Metric, pairs: Pairs, mixed: Floats) -> float:
    """Return the mean of 1 / rank of the one right label, 0 beyond k."""
    right = pairs.codes[:, 0]
    own = mixed[np.arange(pairs.rows), right][:, None]
    before = (mixed > own).sum(axis=1) + ((mixed == own) & (np.arange(mixed.shape[1]) < right[:, None])).sum(axis=1)
    return float(np.where(before < int(metric.param("k", 5)), 1.0 / (before + 1.0), 0.0).mean())


def _best_threshold(metric: Metric, pairs: list[Pairs], mixed: list[Floats], sign: float) -> tuple[float, float]:
    cells = cells_of(metric, pairs[0].positive)
    if cells is None:
        raise NoValue(f"{metric.name} is no function of a threshold", by_predictions=False)
    scores = [numbers[:, part.positive] for part, numbers in zip(pairs, mixed, strict=True)]
    grid = np.unique(np.append(np.quantile(np.concatenate(scores), np.linspace(0.005, 0.995, 199)), 0.5))
    values = np.mean([cells(_counts(part, score, grid)) for part, score in zip(pairs, scores, strict=True)], axis=0)
    gains = np.where(np.isfinite(values), sign * values, WORST)
    # Among equally good thresholds the one nearest to one half.
    best = min(np.flatnonzero(gains >= gains.max() - 1e-12).tolist(), key=lambda i: abs(grid[i] - 0.5))
    return float(gains[best]), float(grid[best])


def _counts(pairs: Pairs, score: Array, grid: Array) -> Floats:
    """Return confusion counts for each threshold, shape (thresholds, 2, 2)."""
    positive, negative = pairs.positive, 1 - pairs.positive
    counts = np.zeros((len(grid), 2, 2))
    for actual, mine in ((positive, score[pairs.hits[:, 0]]), (negative, score[~pairs.hits[:, 0]])):
        below = np.searchsorted(np.sort(mine), grid, side="left")
        counts[:, actual, negative], counts[:, actual, positive] = below, len(mine) - below
    return counts


def rule_for(needs: Needs, pairs: Pairs) -> str | None:
    """Return how predictions of this kind are mixed, or None if they cannot be.

    Returns:
        `mean`: of the numbers. `threshold`: the positive class from a share of the votes on. `argmax`: the class with
        most votes. `flags`: column by column, from half of the votes on. `top`: the classes with most votes, in order.
    """
    if needs in (Needs.VALUES, Needs.PROBABILITY, Needs.CLASS_PROBABILITIES):
        return "mean"
    if needs is Needs.RANKED_LABELS:
        return "top"
    if pairs.codes.shape[1] > 1:
        return "flags" if len(pairs.classes) == 2 else None
    return "threshold" if len(pairs.classes) == 2 else "argmax"
