"""Gate findings: what the runs of the validation gate show. Pure functions of scores; no sizes are taken as fixed.

Every comparison is with what a constant scores on the same rows by the same metric, in units of the scores' own
standard errors or of the winner's own gain. The verdicts are therefore the same at every scale of the target, and a
rare class changes nothing: where a constant is right 95 times in 100, that is what shuffled labels must fall to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from assay.core.metric import Metric
from assay.core.task import Problem
from assay.core.validation import Standing

CLEAR = 3.0
"""Standard errors above chance from which on a score with shuffled labels is no luck."""
SAME = 1e-6
"""Share of the range of the predictions by which two runs with one seed may differ: rounding of sums in threads."""
WIDE_GAP = 1.0
"""A gap to the score on training rows as large as all that is gained over a constant is worth a warning."""
FEWEST_SEEDS = 3
"""Scores with different seeds below which nothing is said of their spread."""


EVEN = 0.75
"""Share of the largest class up to which one view with labels turned round tells a leak from luck."""
MOST_TURNED = 4
"""Such views that a failure takes where a class is rare; no more than there are folds."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one check ended."""

    verdict: Standing
    detail: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    views: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shuffle:
    """A score with permuted training labels, and what chance scores on the same rows; positive excess is better."""

    view: str
    score: float
    chance: float
    """The better one of a constant and, where it was worth it, of the same predictions in random order."""
    unit: float
    """Standard error of the difference; 0 when it is unknown."""
    excess: float
    constant: float | None
    """What the constant baseline scores; None when there is none."""

    @property
    def errors(self) -> float:
        """The excess in standard errors; 0 when these are unknown."""
        return self.excess / self.unit if self.unit > 0 else 0.0

    @property
    def clear(self) -> bool:
        """Whether the score is better than that of chance by more than the luck of the test rows explains."""
        return self.errors > CLEAR


def turns_wanted(problem: Problem, counts: Sequence[int], folds: int) -> int:
    """Return how many views with labels turned round a failure takes.

    What an honest script learns from them is wrong, so that one would do, but for a rare class: turning then moves few
    labels, and what is learned is noise as before. In simulations of least squares on one or three columns (AUC, 600
    and 6,000 rows), a random permutation alone was clear of chance in 30 to 55 % of the honest cases; with one turned
    view more it was none for classes of a quarter or more, 15 % at worst for 5 %; with two 2.7 %, with three 0.7 %.

    Args:
        problem: What is predicted.
        counts: Rows of each class; empty for numbers, or when unknown.
        folds: Search folds that there are.
    """
    if problem in (Problem.REGRESSION, Problem.FORECAST):
        return 1
    even = bool(counts) and max(counts) <= EVEN * sum(counts)
    return 1 if even else min(MOST_TURNED, folds)


def judge_shuffles(first: Shuffle, turned: Sequence[Shuffle], *, wanted: int, floor: float | None) -> Finding:
    """Judge what is left of the score when the training labels are shuffled.

    The labels of a view are permuted at random over its training rows: they then tell nothing of the test rows, and a
    script that learns can do no better than chance. One that does knew the answers: they are written in it, or looked
    up in a file, or follow from a rule that needs no learning. A leak that has to be learned, such as a column that
    is the target in disguise, does not show here: it has become as useless as an honest column.

    One random permutation is a weak test by itself: with few columns that matter, what is learned from noise points
    the right way half of the time. A clear score is therefore tried again with labels that are turned round, so that
    what an honest script learns is wrong and its score falls below chance, while a leak stays. It fails when it is
    clear of chance on all of these views, each with other test rows.

    Where no constant has a score, there is a warning at most: rows of groups or of times are not exchangeable, so
    that the order of predictions alone is no proof.

    Args:
        first: With labels permuted at random.
        turned: With labels turned round, on several folds; empty unless the first is clear of chance.
        wanted: How many of these a failure takes, by `turns_wanted`; fewer were run if one was not clear, or for want
            of time.
        floor: The noise floor, to tell the excess in its units as well; None when it was not measured.

    References:
        M. Ojala and G. Garriga, "Permutation tests for studying classifier performance", Journal of Machine Learning
        Research 11 (2010) 1833-1863 (test 1, whose null hypothesis is here what an honest script must fulfil).
    """
    numbers = {"score": first.score, "chance": first.chance, "excess": first.excess, "std_error": first.unit}
    if first.constant is not None:
        numbers["constant"] = first.constant
    if first.unit > 0:
        numbers["errors"] = first.errors
    if floor:
        numbers["noise_units"] = first.excess / floor
    if turned:
        numbers |= {"turned": float(len(turned)), "turned_clear": float(sum(one.clear for one in turned))}
        numbers |= {"turned_score": turned[-1].score, "turned_chance": turned[-1].chance}
    views = (first.view, *(one.view for one in turned))
    told = f"{first.score:.5g} with shuffled labels, where chance scores {first.chance:.5g}"
    verdict = Standing.PASSED
    if first.unit == 0 and first.excess > 0:
        verdict = Standing.WARNING
        told += ": better, and no standard error could be had to say whether that is luck"
    elif first.clear and turned and not turned[-1].clear:
        told += f"; luck, as it scores {turned[-1].score:.5g} with labels turned round (chance {turned[-1].chance:.5g})"
    elif first.clear and not turned:
        verdict = Standing.SKIPPED
        told += f", {first.errors:.1f} standard errors better: no time left to tell luck from a leak"
    elif first.clear:
        told += f", {first.errors:.1f} standard errors better"
        enough = len(turned) >= wanted
        told += f", and so with labels turned round, {len(turned)} of {len(turned)} times"
        told += (
            ": it scores by what it did not learn from these labels"
            if enough
            else "; there was no time to make sure of it"
        )
        verdict = Standing.FAILED if enough and first.constant is not None else Standing.WARNING
    return Finding(verdict=verdict, detail=told, numbers=numbers, views=views)


def judge_seeds(
    metric: Metric,
    scores: Sequence[float],
    *,
    constant: float | None,
    baseline: float | None,
    floor: float | None,
    what: str,
    views: tuple[str, ...],
) -> Finding:
    """Judge whether the score depends on the seed more than it gains.

    With s the sample standard deviation of n scores that differ in their seeds, and G their mean gain over a constant:

    - failed when s ≥ G: another seed is as likely to lose what was gained as a throw of dice would be;
    - a warning when t(0.95, n - 1) s √(1 + 1/n) ≥ G, the one-sided 95 % prediction bound of one further run: another
      seed could do no better than a constant; or when s is at least the gain over the best baseline, if there is one:
      what it gains over that baseline is no more than the luck of a seed.

    Args:
        metric: Says which way is better.
        scores: Three or more, with different seeds.
        constant: What a constant scores on the same rows; None when unknown, and then nothing fails.
        baseline: The same of the best baseline; None when the winner is one.
        floor: The noise floor, for information.
        what: Which scores these are, in words.
        views: Where they come from.

    References:
        G. Hahn and W. Meeker, "Statistical Intervals" (1991), section 4.8, for the prediction bound.
    """
    from scipy.special import stdtrit

    count, mean, spread = len(scores), fmean(scores), stdev(scores)
    if spread <= 1e-12 * max(abs(score) for score in scores):
        spread = 0.0
    bound = float(stdtrit(count - 1, 0.95)) * spread * math.sqrt(1.0 + 1.0 / count)
    numbers = {"spread": spread, "mean": mean, "runs": float(count), "bound": bound}
    if floor:
        numbers["noise_units"] = spread / floor
    told = f"a spread of {spread:.2g} over {count} {what}"
    if constant is not None:
        gained = metric.gain(mean, constant)
        numbers["gain"] = gained
        told += f", a gain of {gained:.5g} over a constant"
        if spread > 0 and spread >= gained:
            return Finding(
                verdict=Standing.FAILED, detail=f"{told}: it is a matter of luck", numbers=numbers, views=views
            )
        if bound >= gained:
            detail = f"{told}: another seed could do no better than a constant"
            return Finding(verdict=Standing.WARNING, detail=detail, numbers=numbers, views=views)
    if baseline is not None:
        over = metric.gain(mean, baseline)
        numbers["gain_over_baseline"] = over
        if spread > 0 and spread >= over > 0:
            detail = f"{told}, but only {over:.2g} over the best baseline: that may be the luck of a seed"
            return Finding(verdict=Standing.WARNING, detail=detail, numbers=numbers, views=views)
    return Finding(verdict=Standing.PASSED, detail=told, numbers=numbers, views=views)


def judge_gap(
    metric: Metric, *, trained: float, graded: float, constant: float | None, views: tuple[str, ...]
) -> Finding:
    """Judge how much better the score is on rows that were learned from. Never a failure: boosting learns by heart.

    The gap is told in units of the distance from a constant to the graded score, so that it has no scale.

    Args:
        metric: Says which way is better.
        trained: Score on a sample of the training rows.
        graded: Score on rows that were held back.
        constant: What a constant scores on the latter; None when unknown.
        views: Where the first two come from.
    """
    gap = metric.gain(trained, graded)
    numbers = {"trained": trained, "graded": graded, "gap": gap}
    told = f"{trained:.5g} on rows that it was trained on, {graded:.5g} on others"
    if constant is None:
        return Finding(verdict=Standing.PASSED, detail=told, numbers=numbers, views=views)
    gained = metric.gain(graded, constant)
    if gained <= 0:
        detail = f"{told}, where a constant scores {constant:.5g}: it learned nothing that holds for other rows"
        return Finding(verdict=Standing.WARNING, detail=detail, numbers=numbers, views=views)
    numbers["ratio"] = gap / gained
    told += f": a gap of {gap / gained:.2g} times what is gained over a constant"
    if gap > WIDE_GAP * gained:
        detail = f"{told}; much is learned by heart, which forests and boosting do, and the graded score is without it"
        return Finding(verdict=Standing.WARNING, detail=detail, numbers=numbers, views=views)
    return Finding(verdict=Standing.PASSED, detail=told, numbers=numbers, views=views)


def judge_repeat(
    *, difference: float, rows: float, scores: tuple[float, float] | None, noise: float | None, views: tuple[str, ...]
) -> Finding:
    """Judge two runs with the same seed on the same files.

    Args:
        difference: Largest difference of two numbers over the range of all of them; 0 where no number differs.
        rows: Share of the rows that differ in anything but a number, 0 .. 1.
        scores: Of both runs, where they have one.
        noise: Noise of a score on one fold; None when it was not measured.
        views: Where they come from.
    """
    numbers = {"difference": difference, "rows": rows, "tolerance": SAME}
    if difference == 0.0 and rows == 0.0:
        return Finding(verdict=Standing.PASSED, detail="the same to the letter", numbers=numbers, views=views)
    if difference <= SAME and rows == 0.0:
        told = f"the same up to {difference:.1g} of their range, within {SAME:.0e}: rounding"
        return Finding(verdict=Standing.PASSED, detail=told, numbers=numbers, views=views)
    told = f"predictions differ by up to {difference:.2g} of their range" if difference else "predictions differ"
    told += f", labels in {rows:.1%} of the rows" if rows else ""
    if scores is not None:
        numbers |= {"first_score": scores[0], "second_score": scores[1]}
        told += f"; the scores are {scores[0]:.5g} and {scores[1]:.5g}"
        if noise is not None and abs(scores[1] - scores[0]) > noise:
            detail = f"{told}, further apart than the noise of {noise:.2g}: the result cannot be had again"
            return Finding(verdict=Standing.FAILED, detail=detail, numbers=numbers, views=views)
    detail = f"{told}; something in the script has no fixed seed"
    return Finding(verdict=Standing.WARNING, detail=detail, numbers=numbers, views=views)
