"""Racing: which candidates need not be run on, and which deserve a confirmation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from assay.engine.comparison import Comparison
from assay.engine.noise import NoiseFloor, sample_variance

RACING_ERROR = 0.01
"""Chance, at each look, of stopping a candidate that would have ended level with the incumbent or above it."""

_FIRST_FOLD = 2.0
"""By how much the standard deviation is enlarged when there is one fold only."""

SCREEN = 0.1
"""Noise deviations by which the search mean must be above the incumbent's for a confirmation."""


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why in a few words for the trial's record."""

    yes: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.yes


def can_still_win(gains: Sequence[float], *, folds: int, noise: NoiseFloor) -> Decision:
    """Decide whether a candidate can still end above the incumbent, given its gains on the first folds.

    Predicts the mean over all k folds from the mean g over the j folds so far: it differs from g with variance
    s² (k - j) / (k j) for independent folds of variance s², and by less for positively correlated ones. The candidate
    is stopped when g is so far below zero that an end above zero has a probability of at most RACING_ERROR.

    s² is k times the squared noise deviation, joined with the spread of the candidate's own gains by their degrees of
    freedom and never taken below the noise; without a measured noise it is the spread alone, so the first fold stops
    nobody. On the first fold, before the candidate's own spread is seen, s is doubled: single folds of two different
    methods differ by more than reseeds of one. The error is exact for normal gains; for a candidate more than twice
    as noisy as the baseline's reseeds the first look errs more often than stated.

    Args:
        gains: Gain over the incumbent on each fold so far, in order; at least one.
        folds: Folds of the partition, k.
        noise: The measured noise, or one without a deviation.
    """
    done = len(gains)
    if done >= folds or not done:
        return Decision(True)
    if not all(math.isfinite(gain) for gain in gains):
        return Decision(False, "a fold has no finite score")
    spread, df = _fold_variance(gains, folds, noise)
    if df == 0 or spread == 0.0:
        return Decision(True)
    from scipy.special import stdtrit

    mean = fmean(gains)
    bound = float(stdtrit(df, 1.0 - RACING_ERROR)) * math.sqrt(spread * (folds - done) / (folds * done))
    if mean >= -bound:
        return Decision(True)
    return Decision(
        False, f"{done} of {folds} folds: behind by {-mean:.4g}, more than the {bound:.2g} that luck allows"
    )


def worth_confirming(search: Comparison, noise: NoiseFloor) -> Decision:
    """Decide whether a candidate's search folds justify the cost of a confirmation.

    Only a would-be best whose mean gain exceeds a tenth of the noise deviation: of 100 equal candidates three or four
    get there (as records do), of those truly better by three deviations more than nine in ten; the others hide behind
    an incumbent that was lucky itself. The rule looks at the mean alone, never at the spread, so that the spread of
    the search folds stays usable in the confirmation's test. It affects cost and power, not the error: that is
    controlled on the fresh partitions, whatever was selected here.

    Args:
        search: Candidate against incumbent on the search partition, all folds.
        noise: The measured noise; without one `real` cannot be earned, so a confirmation would be wasted.
    """
    if noise.deviation is None:
        return Decision(False, noise.reason)
    if not all(math.isfinite(gain) for gain in search.gains):
        return Decision(False, "a fold has no finite score")
    if search.mean <= SCREEN * noise.deviation:
        return Decision(False, "not clearly above the best on the search folds")
    return Decision(True)


def _fold_variance(gains: Sequence[float], folds: int, noise: NoiseFloor) -> tuple[float, int]:
    """Return the variance of one fold's gain and its degrees of freedom, on the large side."""
    own, own_df = sample_variance(gains), len(gains) - 1
    if noise.deviation is None:
        return own, own_df
    base = folds * noise.deviation**2
    if own_df == 0:
        return _FIRST_FOLD**2 * base, noise.df
    return max(base, (noise.df * base + own_df * own) / (noise.df + own_df)), noise.df + own_df
