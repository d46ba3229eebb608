"""Confirmation: candidate and incumbent again, on partitions that had no part in choosing the candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from assay.engine.comparison import Comparison
from assay.engine.noise import NoiseFloor
from assay.engine.racing import Decision
from assay.engine.spending import ALPHA, SearchErrors

FIRST_LOOK = 0.2
"""Share of a confirmation's level spent after one fresh partition; the rest is spent at its end."""

FUTILE = 0.5
"""A confirmation ends early when the fresh mean gain is not above this many noise deviations."""

NEW_ROWS_ALPHA = 0.02
"""Level, for each confirmation by itself, of the test that allows for luck shared by all partitions."""

_FEWEST_FOLDS = 12
_FEWEST_SEEDS, _MOST_SEEDS = 3, 6


@dataclass(frozen=True, kw_only=True)
class FreshTest:
    """Both tests of a confirmation, on the gains of the fresh partitions alone."""

    mean: float
    """Mean gain over all fresh folds: unbiased, since nothing was selected on them."""
    low: float
    """Lower end of the 95 % interval of the mean gain, with the wider of the two standard errors."""
    high: float
    p_partitions: float
    """One-sided p-value with the fresh partitions taken as independent replicates."""
    p_new_rows: float
    """One-sided p-value with the folds of all partitions as dependent as folds of one are."""

    def adjusted(self, level: float) -> float:
        """Return the p-value on the scale of ALPHA: at most ALPHA just when both tests pass.

        Args:
            level: What the search lets this look spend, above 0.
        """
        return min(1.0, max(self.p_partitions * ALPHA / level, self.p_new_rows * ALPHA / NEW_ROWS_ALPHA))


def confirmation_seeds(folds: int) -> int:
    """Return how many fresh partitions a confirmation may take: 3 for 4 folds or more, 4 for 3, 6 for 2 or 1.

    At least a dozen fresh folds (6 hold-outs), which is what 80 % power at three noise deviations takes. Most
    confirmations take fewer: see `needs_more`.

    Args:
        folds: Folds of one partition, k.
    """
    return min(_MOST_SEEDS, max(_FEWEST_SEEDS, math.ceil(_FEWEST_FOLDS / folds)))


def needs_more(search: Comparison, fresh: Sequence[Comparison], noise: NoiseFloor, errors: SearchErrors) -> Decision:
    """Decide whether a confirmation needs one more fresh partition.

    Ends it after the first partition when that settles it, which large gains do; ends it at any time when the fresh
    mean gain is inside half a noise deviation, which can only make the search's error smaller.

    Args:
        search: Candidate against incumbent on the search partition.
        fresh: The same on each fresh partition so far; may be empty.
        noise: The measured noise.
        errors: What the search has spent before this confirmation.
    """
    if noise.deviation is None:
        return Decision(False, noise.reason)
    if not fresh:
        return Decision(True)
    if len(fresh) >= confirmation_seeds(search.folds):
        return Decision(False, "all fresh partitions are in")
    mean = fmean(gain for one in fresh for gain in one.gains)
    if not mean > FUTILE * noise.deviation:
        return Decision(False, "the gain is gone on fresh partitions")
    if len(fresh) == 1:
        test = fresh_test(search, fresh, noise)
        if test is not None and test.adjusted(look_level(fresh, errors)) <= ALPHA:
            return Decision(False, "one fresh partition settles it")
    return Decision(True)


def look_level(fresh: Sequence[Comparison], errors: SearchErrors) -> float:
    """Return the error that may be spent at this look of the confirmation.

    The looks after the first partition and at the end share the level by Bonferroni: 20 % and 80 %.
    """
    return errors.level * (FIRST_LOOK if len(fresh) == 1 else 1.0 - FIRST_LOOK)


def fresh_test(search: Comparison, fresh: Sequence[Comparison], noise: NoiseFloor) -> FreshTest | None:
    """Test whether the mean gain on the fresh partitions is above zero, in two ways.

    With k folds, S fresh partitions and s² the variance of one fold's gain, the variance of the fresh mean is taken as

    - (1/k + q) s² / S for `p_partitions`: Nadeau and Bengio's variance of one partition's mean, q being test rows
      over training rows of a fold, and partitions as independent replicates. That is the question "would it still be
      better on another partition of these rows, with other random seeds?".
    - (1/(k S) + q) s² for `p_new_rows`: their correction for all k S folds at once (Bouckaert and Frank), in which
      the dependence never averages out. That is the question "... and on other rows?", as far as it can be asked
      without any. With one fold a partition, both are Nadeau and Bengio's repeated hold-out, which is this one.

    s² joins three estimates by their degrees of freedom, as in Smyth's moderated t-test with a known prior: the
    spread of gains within each fresh partition, the same within the search partition (selection looked at its mean
    only, and for normal gains mean and spread are independent), and the measured noise. With one fold a partition,
    the spread is taken between the fresh ones. The prior keeps a spread that is small by accident from making a
    candidate significant, and gives two or three folds the degrees of freedom that they lack; it is left out when
    the candidate's own spread is more than four times as large in variance, since then it is not the baseline's noise.

    Returns:
        The test, or None when there is nothing to estimate a spread from, or a gain is not finite.

    References:
        C. Nadeau and Y. Bengio, Machine Learning 52 (2003) 239-281; R. Bouckaert and E. Frank, PAKDD 2004;
        G. Smyth, Statistical Applications in Genetics and Molecular Biology 3 (2004) article 3.
    """
    gains = [gain for one in fresh for gain in one.gains]
    if not gains or not all(math.isfinite(gain) for gain in (*gains, *search.gains)):
        return None
    spread, df = _fold_variance(search, fresh, noise)
    if df == 0 or spread == 0.0:
        return None
    from scipy.special import stdtr, stdtrit

    mean, ratio, count = fmean(gains), search.ratio, len(gains)
    all_dependent = math.sqrt((1.0 / count + ratio) * spread)
    replicates = math.sqrt((1.0 / search.folds + ratio) * spread / len(fresh)) if search.folds > 1 else all_dependent
    half = float(stdtrit(df, 0.975)) * max(all_dependent, replicates)
    return FreshTest(
        mean=mean,
        low=mean - half,
        high=mean + half,
        p_partitions=float(stdtr(df, -mean / replicates)),
        p_new_rows=float(stdtr(df, -mean / all_dependent)),
    )


_NOT_THE_SAME_NOISE = 4.0


def _fold_variance(search: Comparison, fresh: Sequence[Comparison], noise: NoiseFloor) -> tuple[float, int]:
    """Return the pooled variance of one fold's gain, and its degrees of freedom."""
    if search.folds > 1:
        parts = [one for one in (search, *fresh) if one.folds > 1]
        df = sum(one.folds - 1 for one in parts)
        own = sum((one.folds - 1) * one.variance for one in parts) / df
        scale = 1.0 / search.folds + search.ratio
    else:
        means = [one.mean for one in fresh]
        df = len(means) - 1
        own = variance(means) if df else 0.0
        scale = 1.0
    if noise.deviation is None:
        return own, df
    prior = noise.deviation**2 / scale
    if own == 0.0:
        return prior, noise.df
    if own > _NOT_THE_SAME_NOISE * prior:
        return own, df
    return (df * own + noise.df * prior) / (df + noise.df), df + noise.df
