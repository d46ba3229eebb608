"""Verdict: what a candidate's scores show against the trial that it had to beat.

The rule
    `real` takes all of these, else the verdict is at most `maybe`:

    1. The noise was measured (`measure_noise`), and the fresh mean gain is above it.
    2. It was confirmed: candidate and incumbent were run on fresh partitions, and the candidate was better on the
       mean of every one of them.
    3. On the fresh gains alone, the corrected test passes at the level that the search may still spend
       (`SearchErrors.level`), and the stricter one for new rows at 2 % (`fresh_test`).

    `noise` is a gain inside the noise deviation, on the fresh partitions where there are any; `maybe` is the rest.

Why the error holds however many are tried
    The search follows the best of many noisy means, so the winner's search folds are worthless as evidence: the best
    of 100 equal candidates looks 2.5 standard deviations better than it is. No `real` therefore rests on their
    mean. Given the candidate and the incumbent, gains on a fresh partition are a new draw, whatever was selected on
    the old one and out of how many; so each confirmation is one valid test, and only confirmations need correcting
    for their number. The online fallback procedure does that and holds for any dependence, so incumbents and fresh
    partitions may be shared by many confirmations and their runs cached. Screening, racing and early stopping for
    futility only choose which tests are made.

What it assumes
    - Gains of folds near enough to normal for a t-test of the mean of a dozen. Calibrated with five degrees of
      freedom as well.
    - A fresh partition is one: a confirmation that repeats the search folds to the digit is not counted, and where the
      user fixed the folds only the random seeds are fresh.
    - Fresh partitions reuse the same rows. A candidate that suits just these rows suits them again, and no
      resampling tells. Test 3's second half bounds that by Nadeau and Bengio's heuristic, at a level for each
      confirmation and not for the search: were all of their correlation permanent luck, 6 to 7 % of searches of equal
      candidates would contain a `real` (simulated, not proved). What is left is the sealed holdout's to say.

What it comes to
    Simulated with 100 candidates, 5 or 3 folds correlated by 1/k, and normal or heavy-tailed noise, 400 searches each:
    1 to 2 % of searches of equal candidates contain a `real` (about half would, if the search folds were believed),
    and a candidate better by three noise deviations is called `real` in 84 to 90 %. A confirmation takes at most 3
    partitions (4 with three folds, 6 with two or one), and one when that settles it: 8 % more folds in a search of
    equal candidates, whereas racing saves 10 to 20 %. Power is lower, about 50 %, where folds are in truth independent,
    since the correction then corrects for nothing; and 57 to 82 % where luck lasts, more or less of it.
    `benchmarks/verdict_calibration.py` prints the table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.plain import plain
from assay.core.trial import Verdict
from assay.engine.comparison import Comparison, compare
from assay.engine.confirmation import (
    FreshTest,
    confirmation_seeds,
    fresh_test,
    look_level,
    needs_more,
)
from assay.engine.noise import UNMEASURED, NoiseFloor, measure_noise
from assay.engine.racing import Decision, can_still_win, worth_confirming
from assay.engine.shrinkage import Shrunk, shrunk_score
from assay.engine.spending import ALPHA, SearchErrors
from assay.grading.stats import PairedTest

__all__ = [
    "ALPHA",
    "UNMEASURED",
    "Comparison",
    "Decision",
    "FreshTest",
    "Judgement",
    "NoiseFloor",
    "SearchErrors",
    "Shrunk",
    "can_still_win",
    "compare",
    "confirmation_seeds",
    "fresh_test",
    "judge",
    "measure_noise",
    "needs_more",
    "shrunk_score",
    "worth_confirming",
]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict with what it rests on."""

    verdict: Verdict
    """REAL, MAYBE or NOISE."""
    effect: float | None
    """Mean gain: over the fresh folds where there are any, else over the search folds; None when nothing compares."""
    low: float | None = None
    """Lower end of its 95 % interval, corrected for dependent folds; None when there is none."""
    high: float | None = None
    p_value: float | None = None
    """One-sided, for this comparison by itself; None when it is not defined."""
    adjusted_p: float | None = None
    """For the search. Of a confirmation: at most 0.05 just when its tests pass; else `p_value` times those tried."""
    same_sign: int = 0
    """Search folds in which the candidate was better."""
    folds: int = 0
    """Search folds compared."""
    confirmed: bool | None = None
    """Whether the fresh partitions confirmed it; None when there were none."""
    reasons: tuple[str, ...] = ()
    """What kept the verdict from being better, or what carries it, in short sentences."""


def judge(search: Comparison, fresh: Sequence[Comparison], noise: NoiseFloor, errors: SearchErrors) -> Judgement:
    """Judge a candidate by its gains over the incumbent.

    Args:
        search: Candidate against incumbent on the search partition.
        fresh: The same on each fresh partition of its confirmation, in the order run; empty when there was none.
        noise: The measured noise, or `UNMEASURED`.
        errors: What the search has tried and spent before this trial's confirmation.

    Returns:
        The verdict. Identical arms, a score that is not finite and a missing spread are reasons in it, never numbers.
    """
    flaw = _flaw(search, fresh)
    if flaw:
        return _judgement(search, Verdict.NOISE, flaw)
    repeated = any(one.gains == search.gains for one in fresh)
    if fresh and not repeated:
        return _confirmed(search, fresh, noise, errors)
    return _unconfirmed(search, noise, errors, repeated=repeated)


def _flaw(search: Comparison, fresh: Sequence[Comparison]) -> str:
    """Return why the comparison is no evidence at all, or an empty text."""
    if not search.gains or any(not one.gains for one in fresh):
        return "no fold was scored for both"
    if not all(math.isfinite(gain) for one in (search, *fresh) for gain in one.gains):
        return "a fold has no finite score"
    if not any(gain for one in (search, *fresh) for gain in one.gains):
        return "identical to the incumbent on every fold"
    return ""


def _confirmed(search: Comparison, fresh: Sequence[Comparison], noise: NoiseFloor, errors: SearchErrors) -> Judgement:
    """Judge by the fresh partitions alone."""
    test = fresh_test(search, fresh, noise)
    if test is None:
        return _judgement(search, Verdict.MAYBE, "the fresh gains have no spread to test with")
    adjusted = test.adjusted(look_level(fresh, errors))
    deviation = noise.deviation
    sure = adjusted <= ALPHA and all(one.mean > 0 for one in fresh)
    if deviation is None:
        verdict, reason = (Verdict.MAYBE if test.mean > 0 else Verdict.NOISE), noise.reason
    elif test.mean <= deviation:
        verdict, reason = (
            Verdict.NOISE,
            f"{plain(test.mean, 4, '+')} on fresh partitions, inside the noise of {plain(deviation, 2)}",
        )
    elif not sure:
        verdict, reason = Verdict.MAYBE, _shortfall(test, fresh, errors)
    else:
        verdict, reason = Verdict.REAL, f"confirmed on {_count(len(fresh), 'fresh partition')}"
    return _judgement(
        search,
        verdict,
        reason,
        effect=test.mean,
        interval=(test.low, test.high),
        p_value=test.p_partitions,
        adjusted_p=adjusted,
        confirmed=verdict is Verdict.REAL,
    )


def _shortfall(test: FreshTest, fresh: Sequence[Comparison], errors: SearchErrors) -> str:
    """Return why a gain beyond the noise was not confirmed."""
    worse = sum(one.mean <= 0 for one in fresh)
    if worse:
        return f"not better on {worse} of {_count(len(fresh), 'fresh partition')}"
    level = look_level(fresh, errors)
    if test.p_partitions > level:
        return (
            f"p {test.p_partitions:.2g} on {_count(len(fresh), 'fresh partition')}; confirmation "
            f"{errors.confirmations_so_far + 1} of this search needs {level:.2g}"
        )
    return f"p {test.p_new_rows:.2g} when luck with these rows is allowed for"


def _unconfirmed(search: Comparison, noise: NoiseFloor, errors: SearchErrors, *, repeated: bool) -> Judgement:
    """Judge by the search folds: never better than `maybe`."""
    test = search.test if isinstance(search.test, PairedTest) else None
    deviation = noise.deviation
    reasons: list[str] = []
    if search.mean <= 0:
        verdict = Verdict.NOISE
        reasons.append("not better than the incumbent")
    elif deviation is not None and search.mean <= deviation:
        verdict = Verdict.NOISE
        reasons.append(f"{plain(search.mean, 4, '+')}, inside the noise of {plain(deviation, 2)}")
    elif deviation is None and test is not None and search.mean <= test.std_error:
        verdict = Verdict.NOISE
        reasons.append(f"{search.mean:+.4g}, inside its standard error of {test.std_error:.2g}")
    else:
        verdict = Verdict.MAYBE
        reasons.append("the fresh partitions repeated the search folds exactly" if repeated else "not confirmed")
    if verdict is Verdict.MAYBE and deviation is None:
        reasons.append(noise.reason)
    if test is None:
        reasons.append(search.undefined)
    return _judgement(
        search,
        verdict,
        *reasons,
        interval=(test.low, test.high) if test else None,
        p_value=test.p_value if test else None,
        adjusted_p=min(1.0, errors.tried * test.p_value) if test else None,
        confirmed=False if repeated else None,
    )


def _judgement(
    search: Comparison,
    verdict: Verdict,
    *reasons: str,
    effect: float | None = None,
    interval: tuple[float, float] | None = None,
    p_value: float | None = None,
    adjusted_p: float | None = None,
    confirmed: bool | None = None,
) -> Judgement:
    finite = bool(search.gains) and math.isfinite(search.mean)
    return Judgement(
        verdict=verdict,
        effect=effect if effect is not None else (search.mean if finite else None),
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        p_value=p_value,
        adjusted_p=adjusted_p,
        same_sign=search.better,
        folds=search.folds,
        confirmed=confirmed,
        reasons=reasons,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
