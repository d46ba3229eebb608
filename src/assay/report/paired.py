"""Paired: gains of one trial over another on the folds that both were run on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from assay.core.metric import Metric
from assay.journal.history import Trial


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Gains of one trial over another on the folds that both were run on; positive is better."""

    trial: int
    against: int
    views: tuple[str, ...]
    gains: tuple[float, ...]
    mean: float
    std_error: float | None
    """Corrected for the overlap of the folds' training rows; None when the spread is undefined."""
    low: float | None
    high: float | None
    undefined: str = ""
    """Why there is no standard error."""

    @property
    def better(self) -> int:
        """Number of folds with a gain."""
        return sum(1 for gain in self.gains if gain > 0)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key that puts `fold-10` after `fold-9`."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part)


def paired_gains(trial: Trial, against: Trial, metric: Metric, *, folds: int) -> Paired | None:
    """Return the paired gains of `trial` over `against`, or None if they share no fold.

    Args:
        trial: The one.
        against: The other.
        metric: Says which way is better.
        folds: How many search folds the task has; their training rows overlap by that.
    """
    views = tuple(sorted(set(trial.scores) & set(against.scores), key=natural))
    if not views or trial.number == against.number:
        return None
    gains = tuple(metric.gain(trial.scores[view], against.scores[view]) for view in views)
    std_error, low, high, undefined = _spread(gains, folds)
    return Paired(
        trial=trial.number,
        against=against.number,
        views=views,
        gains=gains,
        mean=fmean(gains),
        std_error=std_error,
        low=low,
        high=high,
        undefined=undefined,
    )


def _spread(gains: Sequence[float], folds: int) -> tuple[float | None, float | None, float | None, str]:
    from assay.grading.stats import Undefined, corrected_t_test

    test = corrected_t_test(gains, test_train_ratio=1.0 / (folds - 1) if folds > 1 else None)
    if isinstance(test, Undefined):
        return None, None, None, test.reason
    return test.std_error, test.low, test.high, ""
