"""Decision: GO, NO-GO or inconclusive, from criteria that were registered before anything ran."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assay.grading.stats import holm
from assay.strategies.code_tasks.queue import Criterion

CONFIDENCE = 0.95
LEAST = 3
"""Fewest values of an arm: with two, a t interval is wider than any effect that anybody would believe."""
LOST_DIGITS = 1e-12
"""Differences whose spread is below this share of the values themselves are rounding, not variance."""


class Answer(StrEnum):
    """What the criteria together say."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "inconclusive"


class State(StrEnum):
    """What one criterion says."""

    MET = "met"
    REFUTED = "refuted"
    """The interval of the gain lies below what was asked for."""
    OPEN = "open"
    UNDEFINED = "undefined"
    """No statistic can be computed; never a reason for GO."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One criterion, computed."""

    criterion: str
    state: State
    reason: str
    n: tuple[int, int] = (0, 0)
    """Values of treatment and control."""
    gain: float | None = None
    """Mean gain of the treatment, positive is better, in units of the metric."""
    low: float | None = None
    high: float | None = None
    """95 % interval of the gain."""
    effect: float | None = None
    """Cohen's d, positive is better: of the differences where paired, by the pooled deviation otherwise."""
    p_value: float | None = None
    """Two-sided, of a gain of exactly `min_gain`."""
    adjusted_p: float | None = None
    """By Holm over all criteria."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was decided, and from what."""

    answer: Answer
    reason: str
    results: tuple[Result, ...] = ()


def decide(
    criteria: Sequence[Criterion],
    values: Mapping[tuple[str, str], Sequence[float]],
    *,
    alpha: float,
    steps: Mapping[tuple[str, str], Sequence[int]] | None = None,
) -> Decision:
    """Return the decision.

    GO needs every criterion met: the Holm-adjusted p-value below `alpha`, the gain above `min_gain`, and the effect at
    least `min_effect`. NO-GO needs one refuted: its whole interval below `min_gain`. Anything else is inconclusive, and
    a statistic that cannot be computed (no verified evidence, fewer than three values, not finite, identical arms, no
    variance, arms to be paired with other steps than each other) never gives GO.

    Paired arms are compared by Student's t of the differences, others by Welch's t (Welch 1947, Biometrika 34);
    Cohen's d as in Cohen (1988), of the differences (d_z) where paired; multiplicity by Holm (1979, Scand. J. Stat. 6).
    A t test assumes roughly normal means; with very few or heavy-tailed values read its p-value with care.

    Args:
        criteria: As registered; none is inconclusive.
        values: By task and metric, the values of verified evidence in order of step.
        alpha: Level of the decision over all criteria, in (0, 0.5).
        steps: By task and metric, the step of each value; None where values are known to stand in the same order.
    """
    results = [_result(criterion, values, steps or {}) for criterion in criteria]
    # What is undefined counts as a test: it was registered, and a better number of it would have been taken.
    adjusted = holm([result.p_value for result in results], tests=len(results))
    judged = tuple(
        _judged(result, p, criterion, alpha) for result, p, criterion in zip(results, adjusted, criteria, strict=True)
    )
    return Decision(answer=_answer(judged), reason=_reason(judged), results=judged)


def _result(
    criterion: Criterion,
    values: Mapping[tuple[str, str], Sequence[float]],
    steps: Mapping[tuple[str, str], Sequence[int]],
) -> Result:
    sides = (criterion.treatment, criterion.control)
    absent = [f"{arm.metric} of {arm.task}" for arm in sides if not values.get((arm.task, arm.metric))]
    if absent:
        return _undefined(criterion, f"no verified values of {' and '.join(absent)}")
    treatment, control = ([float(v) for v in values[arm.task, arm.metric]] for arm in sides)
    n = (len(treatment), len(control))
    problem = _unusable(treatment, control, paired=criterion.paired)
    places = [tuple(steps.get((arm.task, arm.metric), ())) for arm in sides]
    if not problem and criterion.paired and places[0] != places[1]:
        problem = "the arms were not recorded at the same steps, so their values cannot be paired"
    if problem:
        return _undefined(criterion, problem, n)
    sign = 1.0 if criterion.higher_is_better else -1.0
    a, b = [sign * v for v in treatment], [sign * v for v in control]
    try:
        numbers = _paired(a, b, criterion.min_gain) if criterion.paired else _unpaired(a, b, criterion.min_gain)
    except ArithmeticError:  # squares of 1e200 overflow, those of 1e-200 vanish
        numbers = None
    if numbers is None or not all(math.isfinite(number) for number in numbers):
        return _undefined(criterion, "the statistics of the comparison are not finite", n)
    gain, low, high, effect, p_value = numbers
    return Result(
        criterion=criterion.name,
        state=State.OPEN,
        reason="",
        n=n,
        gain=gain,
        low=low,
        high=high,
        effect=effect,
        p_value=p_value,
    )


def _undefined(criterion: Criterion, reason: str, n: tuple[int, int] = (0, 0)) -> Result:
    return Result(criterion=criterion.name, state=State.UNDEFINED, reason=reason, n=n)


def _unusable(a: Sequence[float], b: Sequence[float], *, paired: bool) -> str:
    """Return why no statistic is defined, or empty."""
    if not all(math.isfinite(value) for value in (*a, *b)):
        return "not every value is finite"
    if min(len(a), len(b)) < LEAST:
        return f"{min(len(a), len(b))} values of an arm, at least {LEAST} are needed"
    if paired and len(a) != len(b):
        return f"{len(a)} and {len(b)} values cannot be paired"
    if sorted(a) == sorted(b):
        return "the arms are identical"
    size = max(abs(value) for value in (*a, *b))
    spreads = [x - y for x, y in zip(a, b, strict=True)] if paired else None
    flat = _flat(spreads, size) if spreads is not None else _flat(a, size) or _flat(b, size)
    return "there is no variance" if flat else ""


def _flat(values: Sequence[float], size: float) -> bool:
    return max(values) - min(values) <= LOST_DIGITS * size


def _paired(a: Sequence[float], b: Sequence[float], min_gain: float) -> tuple[float, float, float, float, float] | None:
    from scipy import stats

    gains = [x - y for x, y in zip(a, b, strict=True)]
    mean, deviation = _moments(gains)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = stats.ttest_1samp(gains, min_gain)
        interval = stats.ttest_1samp(gains, 0.0).confidence_interval(CONFIDENCE)
    return mean, float(interval.low), float(interval.high), mean / deviation, float(test.pvalue)


def _unpaired(
    a: Sequence[float], b: Sequence[float], min_gain: float
) -> tuple[float, float, float, float, float] | None:
    from scipy import stats

    (mean_a, sd_a), (mean_b, sd_b) = _moments(a), _moments(b)
    pooled = math.sqrt(((len(a) - 1) * sd_a**2 + (len(b) - 1) * sd_b**2) / (len(a) + len(b) - 2))
    if pooled == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = stats.ttest_ind([value - min_gain for value in a], b, equal_var=False)
        interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(CONFIDENCE)
    gain = mean_a - mean_b
    return gain, float(interval.low), float(interval.high), gain / pooled, float(test.pvalue)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _judged(result: Result, adjusted: float | None, criterion: Criterion, alpha: float) -> Result:
    if result.gain is None or result.high is None or result.effect is None or adjusted is None:
        return result
    asked = f"{criterion.min_gain:g}"
    if adjusted < alpha and result.gain > criterion.min_gain and result.effect >= criterion.min_effect:
        state, reason = State.MET, f"the gain is above {asked} at the level {alpha:g}"
    elif result.high < criterion.min_gain:
        state, reason = State.REFUTED, f"the whole interval of the gain lies below {asked}"
    elif result.effect < criterion.min_effect and adjusted < alpha:
        state, reason = State.OPEN, f"the effect is smaller than the {criterion.min_effect:g} asked for"
    else:
        state, reason = State.OPEN, f"a gain above {asked} is not shown at the level {alpha:g}"
    return Result(
        criterion=result.criterion,
        state=state,
        reason=reason,
        n=result.n,
        gain=result.gain,
        low=result.low,
        high=result.high,
        effect=result.effect,
        p_value=result.p_value,
        adjusted_p=adjusted,
    )


def _answer(results: Sequence[Result]) -> Answer:
    states = [result.state for result in results]
    if states and all(state is State.MET for state in states):
        return Answer.GO
    return Answer.NO_GO if State.REFUTED in states else Answer.INCONCLUSIVE


def _reason(results: Sequence[Result]) -> str:
    if not results:
        return "no criterion was registered before the run"
    return "; ".join(f"{result.criterion}: {result.state}, {result.reason}" for result in results)
