"""Arms: several solutions against one that stays fixed, on the same folds: gain, test, effect size, adjustment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from assay.core.metric import Metric
from assay.engine.comparison import Comparison, compare
from assay.grading.stats import Effect, PairedTest, cohens_d, holm


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What is compared: a name and graded scores by fold."""

    name: str
    scores: Mapping[str, float]
    against: Mapping[str, float]
    """Scores of what it has to beat, by fold; empty where there is none."""
    trial: int | None = None
    baseline: bool = False
    """Whether it is one that others are compared with; it takes no part in the adjustment."""


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """What the scores of an arm show. Gains are positive where it is better, whatever the metric's direction."""

    name: str
    trial: int | None
    baseline: bool
    scores: Mapping[str, float]
    mean: float | None
    """None without any score."""
    deviation: float | None
    """Sample standard deviation over folds; None with fewer than two."""
    folds: int
    """Folds compared."""
    gain: float | None = None
    """Mean paired gain; None where nothing is compared."""
    gain_percent: float | None = None
    """The gain in percent of the other's mean, of its size; None where that is zero."""
    low: float | None = None
    """Lower end of the 95 % interval of the gain, corrected for dependent folds."""
    high: float | None = None
    p_value: float | None = None
    """One-sided: how often equal solutions would show such a gain."""
    adjusted_p: float | None = None
    """The same, adjusted for the number of solutions compared (Holm)."""
    effect: float | None = None
    """Cohen's d of the paired gains."""
    effect_low: float | None = None
    effect_high: float | None = None
    undefined: str = ""
    """Why there is no test; empty where there is one."""


def results(arms: Sequence[Arm], metric: Metric) -> tuple[ArmResult, ...]:
    """Return what every arm shows, in order.

    Folds share training rows, so the test is the corrected one (Nadeau and Bengio 2003). The p-values of all arms that
    have one are adjusted for their number (Holm 1979). Fewer than two folds, identical scores and a difference that is
    the same on every fold have no p-value and no effect size; `undefined` says why.

    Args:
        arms: Each with the scores that it has to beat.
        metric: Says which way is better.
    """
    plain = [_result(arm, metric) for arm in arms]
    adjusted = holm([result.p_value for result in plain])
    return tuple(replace(result, adjusted_p=p) for result, p in zip(plain, adjusted, strict=True))


def _result(arm: Arm, metric: Metric) -> ArmResult:
    values = list(arm.scores.values())
    plain = ArmResult(
        name=arm.name,
        trial=arm.trial,
        baseline=arm.baseline,
        scores=dict(arm.scores),
        mean=fmean(values) if values else None,
        deviation=stdev(values) if len(values) > 1 else None,
        folds=0,
    )
    paired = compare(arm.scores, arm.against, metric)
    if arm.baseline or not paired.gains:
        why = "" if arm.baseline else "no fold was scored for both"
        return replace(plain, undefined=why)
    return _compared(plain, paired, arm)


def _compared(plain: ArmResult, paired: Comparison, arm: Arm) -> ArmResult:
    test, effect = paired.test, cohens_d(paired.gains)
    other = fmean(arm.against[view] for view in paired.views)
    found = replace(
        plain,
        folds=paired.folds,
        gain=paired.mean,
        gain_percent=100.0 * paired.mean / abs(other) if other else None,
        undefined=paired.undefined,
    )
    if isinstance(test, PairedTest):
        found = replace(found, low=test.low, high=test.high, p_value=test.p_value)
    if isinstance(effect, Effect):
        found = replace(found, effect=effect.d, effect_low=effect.low, effect_high=effect.high)
    return found
