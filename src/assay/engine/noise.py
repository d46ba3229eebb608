"""Noise: what two equally good candidates differ by, measured before the search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

RESEEDS = 5
"""Fresh partitions on which the baseline is run again to measure the noise, time allowing."""

FEWEST_RUNS = 3
"""Runs of the baseline, the one on the search partition included, below which no floor is given."""

_ROUNDING = 1e-12
"""Spread below this share of the values is rounding, not noise."""


@dataclass(frozen=True, kw_only=True)
class NoiseFloor:
    """The noise deviation: the standard deviation of the paired mean difference of two equal candidates.

    The mean is over the folds of one partition. Gains below one noise deviation count as noise whatever a test says.
    """

    deviation: float | None
    """In units of the metric, above 0; None when it is unknown, and then no verdict is better than `maybe`."""
    df: int = 0
    """Degrees of freedom of the estimate: runs - 1."""
    folds: int = 0
    """Folds that each mean is over."""
    means: tuple[float, ...] = ()
    """The baseline's mean score on each partition."""
    reason: str = ""
    """Why the deviation is unknown; empty when it is known."""

    @property
    def floor(self) -> float | None:
        """Gains below this are noise: one noise deviation."""
        return self.deviation


UNMEASURED = NoiseFloor(deviation=None, reason="the noise was not measured: there was no time for it")
"""What to judge with when the reseeds could not be afforded."""


def measure_noise(runs: Sequence[Mapping[str, float]]) -> NoiseFloor:
    """Estimate the noise deviation from runs of one candidate on several partitions of the same rows.

    With k folds, the mean score M of one candidate varies over partitions with variance v, estimated by the sample
    variance of the M (runs - 1 degrees of freedom). Two equal candidates with that variance each, on the same
    partition, differ by D with Var(D) = 2 v (1 - r), r being the correlation of their means over partitions. The
    estimate is √(2 v): exact when r = 0, and too large, which is the safe side, when r > 0 (both candidates find the
    same partitions hard). With k ≥ 2 every row is tested once a partition, so that the difficulty of rows drops out of
    M and r is small; with one fold (a hold-out) it does not, and the estimate is clearly on the safe side.

    What it cannot see: luck that is the same on every partition, because the rows are the same; only the sealed
    holdout has other rows. And it is the baseline's noise: candidates with more of their own are caught by the spread
    of their own folds, which every test in `assay.engine.confirmation` uses as well.

    Args:
        runs: Fold scores of the baseline by view, one mapping a partition, the search partition among them; all with
            the same number of folds.

    Returns:
        The floor, or one without a deviation and the reason why. Fewer than three runs, a score that is not finite,
        unequal numbers of folds and runs that agree to the last digit give none.
    """
    sizes = {len(run) for run in runs}
    if len(runs) < FEWEST_RUNS:
        return _unknown(f"the noise was not measured: {len(runs)} runs of the baseline, {FEWEST_RUNS} are needed")
    if len(sizes) != 1 or 0 in sizes:
        return _unknown(f"the noise was not measured: the baseline's runs have {sorted(sizes)} folds")
    means = tuple(fmean(run.values()) for run in runs)
    if not all(math.isfinite(mean) for mean in means):
        return _unknown(f"the noise was not measured: the baseline's mean scores {means!r} are not all finite")
    variance = sample_variance(means)
    if variance == 0.0:
        return _unknown("the noise was not measured: the baseline scored the same on every partition")
    return NoiseFloor(deviation=math.sqrt(2.0 * variance), df=len(means) - 1, folds=sizes.pop(), means=means)


def sample_variance(values: Sequence[float]) -> float:
    """Return the sample variance; 0 with fewer than two values, and where all agree up to rounding.

    The standard library's is exact by fractions, and too slow for something done after every fold.
    """
    if len(values) < 2:
        return 0.0
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return squares if squares > (_ROUNDING * max(abs(value) for value in values)) ** 2 else 0.0


def _unknown(reason: str) -> NoiseFloor:
    return NoiseFloor(deviation=None, reason=reason)
