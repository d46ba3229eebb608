"""What the runs of the validation gate show, each border computed by hand. Numbers are exact in binary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from assay.core.metric import Direction, Metric, Needs
from assay.core.validation import Standing
from assay.engine.gate_findings import (
    CLEAR,
    SAME,
    Finding,
    Shuffle,
    judge_gap,
    judge_repeat,
    judge_seeds,
    judge_shuffles,
)

UP = Metric(name="accuracy", direction=Direction.HIGHER, needs=Needs.LABELS)
DOWN = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES)
PASSED, WARNING, FAILED, SKIPPED = Standing.PASSED, Standing.WARNING, Standing.FAILED, Standing.SKIPPED


# --- shuffled labels ---------------------------------------------------------------------------------------------


def shuffle(errors: float, *, view: str = "shuffled-0", constant: float | None = 0.5, unit: float = 0.125) -> Shuffle:
    """Return a score that is so many standard errors better than chance."""
    excess = errors * (unit or 1.0)
    return Shuffle(view=view, score=0.5 + excess, chance=0.5, unit=unit, excess=excess, constant=constant)


TURNED = [shuffle(4.0, view=f"turned-{n}") for n in range(3)]


@pytest.mark.parametrize(
    ("first", "turned", "verdict", "words"),
    [
        (shuffle(0.0), [], PASSED, "where chance scores 0.5"),
        (shuffle(-9.0), [], PASSED, "where chance scores 0.5"),
        (shuffle(CLEAR), [], PASSED, "where chance scores 0.5"),
        (shuffle(CLEAR + 0.5), [], SKIPPED, "3.5 standard errors better: no time left to tell luck from a leak"),
        (shuffle(4.0), TURNED[:1], WARNING, "1 of 1 times; there was no time to make sure of it"),
        (shuffle(4.0), TURNED[:2], FAILED, "2 of 2 times: it scores by what it did not learn from these labels"),
        (shuffle(4.0), TURNED, FAILED, "3 of 3 times: it scores by what it did not learn from these labels"),
        (shuffle(4.0), [TURNED[0], shuffle(CLEAR)], PASSED, "; luck, as it scores 0.875 with labels turned round"),
        (shuffle(4.0, constant=None), TURNED, WARNING, "3 of 3 times"),
        (shuffle(0.25, unit=0.0), [], WARNING, "no standard error could be had"),
        (shuffle(0.0, unit=0.0), [], PASSED, "where chance scores 0.5"),
    ],
)
def test_a_score_that_labels_did_not_earn_fails_only_when_it_is_clear_every_time(
    first: Shuffle, turned: list[Shuffle], verdict: Standing, words: str
) -> None:
    found = judge_shuffles(first, turned, wanted=2, floor=None)
    assert found.verdict is verdict
    assert words in found.detail
    assert found.views == (first.view, *(one.view for one in turned))


def test_the_numbers_of_a_shuffle_are_those_it_was_judged_by() -> None:
    turned = [TURNED[0], shuffle(1.0)]
    assert judge_shuffles(shuffle(4.0), turned, wanted=2, floor=0.25).numbers == {
        "score": 1.0,
        "chance": 0.5,
        "excess": 0.5,
        "std_error": 0.125,
        "constant": 0.5,
        "errors": 4.0,
        "noise_units": 2.0,
        "turned": 2.0,
        "turned_clear": 1.0,
        "turned_score": 0.625,
        "turned_chance": 0.5,
    }
    bare = replace(shuffle(0.25, unit=0.0), constant=None)
    assert set(judge_shuffles(bare, [], wanted=1, floor=None).numbers) == {"score", "chance", "excess", "std_error"}


# --- other seeds -------------------------------------------------------------------------------------------------


def seeds(
    *scores: float,
    metric: Metric = UP,
    constant: float | None = None,
    baseline: float | None = None,
    floor: float = 0.0,
) -> Finding:
    return judge_seeds(
        metric, scores, constant=constant, baseline=baseline, floor=floor or None, what="seeds", views=("a",)
    )


@pytest.mark.parametrize(
    ("constant", "baseline", "verdict", "words"),
    [
        # Mean 0.75 and spread 0.25 of three: the bound is 2.92 * 0.25 * sqrt(4 / 3) = 0.843.
        (None, None, PASSED, "a spread of 0.25 over 3 seeds"),
        (0.5, None, FAILED, "a gain of 0.25 over a constant: it is a matter of luck"),
        (0.875, None, FAILED, "a gain of -0.125 over a constant"),
        (0.25, None, WARNING, "another seed could do no better than a constant"),
        (-0.0625, None, WARNING, "another seed could do no better than a constant"),
        (-0.125, None, PASSED, "a gain of 0.875 over a constant"),
        (-0.125, 0.5, WARNING, "only 0.25 over the best baseline"),
        (None, 0.5, WARNING, "only 0.25 over the best baseline"),
        (-0.125, 0.25, PASSED, "a gain of 0.875"),
        (-0.125, 1.0, PASSED, "a gain of 0.875"),
        (-0.125, 0.75, PASSED, "a gain of 0.875"),
    ],
)
@pytest.mark.parametrize("metric", [UP, DOWN])
def test_a_score_must_not_depend_on_the_seed_more_than_it_gains(
    metric: Metric, constant: float | None, baseline: float | None, verdict: Standing, words: str
) -> None:
    sign = 1.0 if metric is UP else -1.0
    found = seeds(
        *(sign * score for score in (0.5, 0.75, 1.0)),
        metric=metric,
        constant=None if constant is None else sign * constant,
        baseline=None if baseline is None else sign * baseline,
    )
    assert found.verdict is verdict
    assert words in found.detail
    assert found.views == ("a",)


def test_the_numbers_of_the_seeds_are_those_they_were_judged_by() -> None:
    found = seeds(0.5, 0.75, 1.0, constant=-1.25, baseline=0.25, floor=0.125)
    bound = t.ppf(0.95, 2) * 0.25 * (4 / 3) ** 0.5
    assert found.numbers == pytest.approx(
        {
            "spread": 0.25,
            "mean": 0.75,
            "runs": 3.0,
            "bound": bound,
            "noise_units": 2.0,
            "gain": 2.0,
            "gain_over_baseline": 0.5,
        }
    )
    assert "noise_units" not in seeds(0.5, 0.75, 1.0).numbers


def test_scores_that_do_not_depend_on_the_seed_pass_wherever_something_is_gained() -> None:
    assert seeds(0.1, 0.1, 0.1, 0.1).numbers["spread"] == 0.0, "what is left over by rounding is no spread"
    assert seeds(0.75, 0.75, 0.75, constant=0.5, baseline=0.5).verdict is PASSED
    nothing = seeds(0.75, 0.75, 0.75, constant=0.75)
    assert nothing.verdict is WARNING
    assert "no better than a constant" in nothing.detail


@given(st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=6), st.floats(-1, 1, width=16))
def test_neither_the_scale_nor_the_direction_of_a_metric_changes_the_verdict(
    scores: list[float], constant: float
) -> None:
    plain = seeds(*scores, constant=constant).verdict
    assert seeds(*(4096 * score for score in scores), constant=4096 * constant).verdict is plain
    assert seeds(*(-score for score in scores), metric=DOWN, constant=-constant).verdict is plain


# --- rows that were learned from ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trained", "constant", "verdict", "ratio", "words"),
    [
        (0.875, 0.5, PASSED, 0.5, "a gap of 0.5 times what is gained over a constant"),
        (1.0, 0.5, PASSED, 1.0, "a gap of 1 times"),
        (1.0625, 0.5, WARNING, 1.25, "much is learned by heart"),
        (0.5, 0.5, PASSED, -1.0, "a gap of -1 times"),
        (1.0, 0.75, WARNING, None, "where a constant scores 0.75: it learned nothing that holds for other rows"),
        (1.0, None, PASSED, None, "1 on rows that it was trained on, 0.75 on others"),
    ],
)
def test_a_gap_is_measured_in_what_is_gained_over_a_constant(
    trained: float, constant: float | None, verdict: Standing, ratio: float | None, words: str
) -> None:
    found = judge_gap(UP, trained=trained, graded=0.75, constant=constant, views=("a", "b"))
    assert (found.verdict, found.numbers.get("ratio"), found.views) == (verdict, ratio, ("a", "b"))
    assert (found.numbers["trained"], found.numbers["graded"], found.numbers["gap"]) == (trained, 0.75, trained - 0.75)
    assert words in found.detail
    turned = None if constant is None else -constant
    assert judge_gap(DOWN, trained=-trained, graded=-0.75, constant=turned, views=()).verdict is verdict


# --- the same seed twice -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("difference", "rows", "scores", "noise", "verdict", "words"),
    [
        (0.0, 0.0, None, None, PASSED, "the same to the letter"),
        (SAME, 0.0, None, None, PASSED, "within 1e-06: rounding"),
        (2 * SAME, 0.0, None, None, WARNING, "differ by up to 2e-06 of their range; something in the script"),
        (0.0, 0.5, None, None, WARNING, "predictions differ, labels in 50.0% of the rows; something"),
        (SAME, 0.5, None, None, WARNING, "labels in 50.0% of the rows"),
        (0.5, 0.0, (0.5, 0.75), None, WARNING, "the scores are 0.5 and 0.75; something in the script"),
        (0.5, 0.0, (0.5, 0.75), 0.25, WARNING, "has no fixed seed"),
        (0.5, 0.0, (0.5, 0.75), 0.125, FAILED, "further apart than the noise of 0.12: the result cannot be had again"),
        (0.5, 0.0, (0.75, 0.5), 0.125, FAILED, "the result cannot be had again"),
        (SAME, 0.0, (0.5, 0.75), 0.125, PASSED, "rounding"),
    ],
)
def test_a_run_that_cannot_be_repeated_fails_where_its_score_changes_by_more_than_noise(
    difference: float,
    rows: float,
    scores: tuple[float, float] | None,
    noise: float | None,
    verdict: Standing,
    words: str,
) -> None:
    found = judge_repeat(difference=difference, rows=rows, scores=scores, noise=noise, views=("a", "b"))
    assert found.verdict is verdict
    assert words in found.detail
    assert (found.numbers["difference"], found.numbers["rows"], found.views) == (difference, rows, ("a", "b"))
    if scores is not None and verdict is not PASSED:
        assert (found.numbers["first_score"], found.numbers["second_score"]) == scores
