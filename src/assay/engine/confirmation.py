"""Confirmation: candidate and incumbent again, on partitions that had no part in choosing the candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from assay.engine.comparison import Comparison
from assay.engine.noise import NoiseFloor, sample_variance
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
    """Lower end of the 95 % interval of the mean gain, with the standard error of `p_new_rows`."""
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

    The looks after the first partition and at the end share the level by Bonferroni: 20 % and 80 %. The end may come
    early for lack of time, which has nothing to do with the gains.
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

    For the second, s² is the spread of gains within each fresh partition and within the search partition, joined by
    their degrees of freedom; selection looked at the search partition's mean only, and for normal gains mean and
    spread are independent. With one fold a partition, it is the spread between the fresh ones. For the first, the
    measured noise is joined to it in the same way, as in Smyth's moderated t-test with a known prior: it keeps a
    spread that is small by accident from making a candidate significant, and gives two or three folds the degrees of
    freedom that they lack. It is left out when the candidate's own spread is more than four times as large in
    variance, since then it is not the baseline's noise; and it has no place in the second test, because reseeds on
    the same rows cannot see luck with those rows.

    Returns:
        The test, or None when there is nothing to estimate a spread from, or a gain is not finite.

    References:
        C. Nadeau and Y. Bengio, Machine Learning 52 (2003) 239-281; R. Bouckaert and E. Frank, PAKDD 2004;
        G. Smyth, Statistical Applications in Genetics and Molecular Biology 3 (2004) article 3.
    """
    gains = [gain for one in fresh for gain in one.gains]
    if not gains or not all(math.isfinite(gain) for gain in (*gains, *search.gains)):
        return None
    own, own_df = _own_variance(search, fresh)
    joined, joined_df = _moderated(own, own_df, search, noise)
    if own == 0.0 or joined == 0.0:
        return None
    from scipy.special import stdtr, stdtrit

    mean, ratio, count = fmean(gains), search.ratio, len(gains)
    per_partition = 1.0 / search.folds + ratio
    share = per_partition / len(fresh) if search.folds > 1 else 1.0 / count + ratio
    replicates = math.sqrt(share * joined)
    dependent = math.sqrt((1.0 / count + ratio) * own)
    half = float(stdtrit(own_df, 0.975)) * dependent
    return FreshTest(
        mean=mean,
        low=mean - half,
        high=mean + half,
        p_partitions=float(stdtr(joined_df, -mean / replicates)),
        p_new_rows=float(stdtr(own_df, -mean / dependent)),
    )


_NOT_THE_SAME_NOISE = 4.0


def _own_variance(search: Comparison, fresh: Sequence[Comparison]) -> tuple[float, int]:
    """Return the variance of one fold's gain from the candidate's own folds, and its degrees of freedom."""
    if search.folds > 1:
        parts = [one for one in (search, *fresh) if one.folds > 1]
        df = sum(one.folds - 1 for one in parts)
        return sum((one.folds - 1) * one.variance for one in parts) / df, df
    means = [one.mean for one in fresh]
    return sample_variance(means), len(means) - 1


def _moderated(own: float, df: int, search: Comparison, noise: NoiseFloor) -> tuple[float, int]:
    """Return `own` joined with the measured noise by their degrees of freedom, and the sum of those."""
    if noise.deviation is None:
        return own, df
    prior = noise.deviation**2 / ((1.0 / search.folds + search.ratio) if search.folds > 1 else 1.0)
    if own > _NOT_THE_SAME_NOISE * prior:
        return own, df
    return (df * own + noise.df * prior) / (df + noise.df), df + noise.df
