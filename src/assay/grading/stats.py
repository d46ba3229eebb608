"""Statistics on paired fold differences: corrected t-test, effect size, correction for many comparisons.

Everything here takes *gains* (positive is better, see `Metric.gain`), so direction is not repeated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

_CONSTANT = 1e-12
"""Spread below this share of the largest difference is rounding, not variance."""


@dataclass(frozen=True, kw_only=True)
class Undefined:
    """Why a statistic has no value on this data."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """Outcome of the corrected resampled t-test."""

    folds: int
    """Gains that it rests on."""
    mean: float
    """Mean gain."""
    std_error: float
    """Of the mean gain, corrected for the overlap of the training sets."""
    t: float
    """The statistic, with one degree of freedom less than folds."""
    p_value: float
    """One-sided: how often equal candidates would show a mean gain at least as large."""
    p_two_sided: float
    """How often equal candidates would differ at least as much, either way."""
    low: float
    """Lower end of the 95 % interval of the mean gain."""
    high: float
    """Its upper end."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Cohen's d of paired differences with its 95 % interval."""

    d: float
    """Mean gain over the standard deviation of the gains."""
    low: float
    """Lower end of the 95 % interval of d."""
    high: float
    """Its upper end."""


def corrected_t_test(gains: Sequence[float], *, test_train_ratio: float | None = None) -> PairedTest | Undefined:
    """Test whether the mean of paired fold gains is above zero, correcting for dependent folds.

    Folds share training rows, so their differences are correlated and the plain paired t-test rejects far too often.
    The correction replaces the variance s²/n of the mean by (1/n + n_test/n_train) s².

    Args:
        gains: One gain a fold (or a fold and repetition), both candidates measured on the same folds.
        test_train_ratio: Test rows over training rows of one fold, above 0; None means k-fold cross-validation with
            one gain a fold, which is 1/(k-1).

    Returns:
        The test with n-1 degrees of freedom, or the reason why there is none.

    Raises:
        ValueError: The ratio is not above 0.

    References:
        C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003) 239-281. For
        repeated k-fold: R. Bouckaert and E. Frank, PAKDD 2004. The correction is a heuristic: it assumes that the
        correlation of two folds is n_test / (n_test + n_train).
    """
    reason = _unusable(gains)
    if reason:
        return Undefined(reason=reason)
    from scipy.special import stdtr, stdtrit

    folds = len(gains)
    ratio = 1.0 / (folds - 1) if test_train_ratio is None else test_train_ratio
    if not (math.isfinite(ratio) and ratio > 0):
        raise ValueError(f"test_train_ratio must be above 0, got {test_train_ratio!r}")
    mean = fmean(gains)
    error = math.sqrt(1.0 / folds + ratio) * stdev(gains)
    t = mean / error
    half = float(stdtrit(folds - 1, 0.975)) * error
    return PairedTest(
        folds=folds,
        mean=mean,
        std_error=error,
        t=t,
        p_value=float(stdtr(folds - 1, -t)),
        p_two_sided=2.0 * float(stdtr(folds - 1, -abs(t))),
        low=mean - half,
        high=mean + half,
    )


def cohens_d(gains: Sequence[float]) -> Effect | Undefined:
    """Return Cohen's d of paired gains (mean over standard deviation) with a 95 % interval.

    The interval inverts the noncentral t distribution. It treats the folds as independent, so with cross-validation
    it is somewhat too narrow; `corrected_t_test` decides, this describes.

    Args:
        gains: One gain a fold, at least two.

    References:
        J. Cohen, "Statistical power analysis for the behavioral sciences" (1988); G. Cumming and S. Finch,
        Educational and Psychological Measurement 61 (2001) 532-574, for the interval.
    """
    reason = _unusable(gains)
    if reason:
        return Undefined(reason=reason)
    root = math.sqrt(len(gains))
    d = fmean(gains) / stdev(gains)
    low, high = (_noncentrality(d * root, len(gains) - 1, share) / root for share in (0.975, 0.025))
    return Effect(d=d, low=low, high=high)


def holm(p_values: Sequence[float | None], *, tests: int | None = None) -> tuple[float | None, ...]:
    """Return p-values adjusted for their number, so that the chance of any false one stays what it was for a single.

    Args:
        p_values: One a comparison, in [0, 1]; None where there is none, which stays None.
        tests: How many comparisons were made; None counts those that have a p-value.

    References:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979)
        65-70. It holds for any dependence of the comparisons.
    """
    ranked = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, index) in enumerate(ranked):
        largest = max(largest, min(1.0, ((tests or len(ranked)) - rank) * p))
        adjusted[index] = largest
    return tuple(adjusted)


def _unusable(gains: Sequence[float]) -> str:
    """Return why no spread can be estimated from `gains`, or an empty text."""
    if len(gains) < 2:
        return f"needs at least 2 folds, got {len(gains)}"
    broken = [gain for gain in gains if not math.isfinite(gain)]
    if broken:
        return f"{len(broken)} of {len(gains)} differences are not finite (the first is {broken[0]!r})"
    largest = max(abs(gain) for gain in gains)
    if largest == 0.0:
        return "the two are identical on every fold"
    if stdev(gains) <= _CONSTANT * largest:
        return f"the difference is the same on every fold ({gains[0]:.6g}), so its spread is unknown"
    return ""


def _noncentrality(t: float, freedom: int, share: float) -> float:
    """Return the noncentrality at which a noncentral t variable is at most `t` with probability `share`."""
    from scipy.optimize import brentq
    from scipy.special import chdtri, nctdtr

    if t < 0.0:
        return -_noncentrality(-t, freedom, 1.0 - share)
    if t > 1e3:  # SciPy's series breaks off with NaN; the normal part is then negligible beside the chi part
        return t * math.sqrt(float(chdtri(freedom, share)) / freedom)

    def excess(shift: float) -> float:
        return float(nctdtr(freedom, shift, t)) - share

    # At -2 the probability is at least 0.977, enough for a share of 0.975; further down SciPy's series may give NaN.
    upper = t + 10.0
    while excess(upper) > 0.0:
        upper *= 2.0
    root: float = brentq(excess, -2.0, upper)
    return root
