"""Comparison: a candidate against the incumbent, on the same folds of one partition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from assay.core.metric import Metric
from assay.engine.noise import sample_variance
from assay.grading.stats import PairedTest, Undefined, corrected_t_test

HOLDOUT_RATIO = 0.25
"""Test rows over training rows of a single hold-out when nobody says otherwise: a fifth held out."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Paired fold differences of a candidate and the incumbent; gains, so positive is better."""

    views: tuple[str, ...]
    """The folds that both have a score on, in the candidate's order."""
    gains: tuple[float, ...]
    """One gain a fold."""
    ratio: float
    """Test rows over training rows of one fold."""

    @property
    def folds(self) -> int:
        """How many folds were compared."""
        return len(self.gains)

    @property
    def mean(self) -> float:
        """Mean gain; 0 when no fold was compared."""
        return fmean(self.gains) if self.gains else 0.0

    @property
    def better(self) -> int:
        """Folds in which the candidate was better."""
        return sum(gain > 0 for gain in self.gains)

    @property
    def variance(self) -> float:
        """Sample variance of the gains; 0 with fewer than two."""
        return sample_variance(self.gains)

    @cached_property
    def test(self) -> PairedTest | Undefined:
        """The corrected resampled t-test, or why there is none: one fold, no spread, identical, not finite."""
        return corrected_t_test(self.gains, test_train_ratio=self.ratio)

    @property
    def undefined(self) -> str:
        """Why no test can be made; empty when one can."""
        return self.test.reason if isinstance(self.test, Undefined) else ""


def compare(
    candidate: Mapping[str, float],
    incumbent: Mapping[str, float],
    metric: Metric,
    *,
    test_train_ratio: float | None = None,
) -> Comparison:
    """Pair the scores of two candidates on the folds that both were scored on.

    Args:
        candidate: Score by view name; all views of one partition.
        incumbent: The same of the trial that must be beaten.
        metric: Says which way is better.
        test_train_ratio: Test rows over training rows of one fold, above 0. None means 1/(k-1) for the k folds of the
            incumbent, or a fifth held out when there is only one.

    References:
        The ratio enters the test of C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
        Learning 52 (2003) 239-281; see `assay.grading.stats.corrected_t_test`.
    """
    views = tuple(view for view in candidate if view in incumbent)
    ratio = test_train_ratio
    if ratio is None:
        ratio = 1.0 / (len(incumbent) - 1) if len(incumbent) > 1 else HOLDOUT_RATIO
    return Comparison(views=views, gains=tuple(metric.gain(candidate[v], incumbent[v]) for v in views), ratio=ratio)
