"""What a confirmation may spend at each look, and what it is computed from."""

from __future__ import annotations

import math

import pytest
from scipy.stats import t

from assay.core.metric import Direction, Metric, Needs
from assay.core.trial import Verdict
from assay.engine.comparison import HOLDOUT_RATIO, Comparison, compare
from assay.engine.confirmation import FIRST_LOOK, FUTILE, fresh_test, look_level, needs_more
from assay.engine.noise import UNMEASURED, NoiseFloor, sample_variance
from assay.engine.spending import SearchErrors
from assay.engine.verdict import judge
from assay.grading.stats import PairedTest

ACCURACY = Metric(name="accuracy", direction=Direction.HIGHER, needs=Needs.LABELS)
NOISE = NoiseFloor(deviation=0.01, df=5, folds=5)
FIRST = SearchErrors(tried=3)


def five(mean: float) -> Comparison:
    """Return five gains with this mean and a sample variance of 1e-4."""
    steps = (-1.0, -1.0, 0.0, 1.0, 1.0)
    return Comparison(views=tuple("abcde"), gains=tuple(mean + 0.01 * step for step in steps), ratio=0.25)


def some(*gains: float, ratio: float) -> Comparison:
    return Comparison(views=tuple(map(str, range(len(gains)))), gains=gains, ratio=ratio)


# --- what is compared --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folds", "ratio"), [(1, HOLDOUT_RATIO), (2, 1.0), (3, 0.5), (5, 0.25)])
def test_the_ratio_is_that_of_as_many_folds_unless_it_is_told(folds: int, ratio: float) -> None:
    scores = {f"fold-{number}": 0.5 for number in range(folds)}
    assert compare(scores, scores, ACCURACY).ratio == ratio
    assert compare(scores, scores, ACCURACY, test_train_ratio=0.125).ratio == 0.125


def test_folds_are_compared_in_the_order_of_the_candidate() -> None:
    made = compare({"c": 3.0, "a": 1.0, "x": 9.0}, {"a": 0.5, "b": 0.0, "c": 1.0}, ACCURACY)
    assert (made.views, made.gains) == (("c", "a"), (2.0, 0.5))


def test_spread_is_told_from_rounding_whatever_the_size_of_the_values() -> None:
    assert sample_variance([0.0, 2.0]) == 2.0
    assert sample_variance([1.0, 1.0 + 1e-7]) == pytest.approx(5e-15)
    assert sample_variance([1e-7, 3e-7]) == pytest.approx(2e-14)
    assert sample_variance([1e6, 1e6 + 1e-7]) == 0.0
    assert sample_variance([5.0]) == 0.0


# --- the looks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("errors", [FIRST, SearchErrors(confirmations_so_far=7), SearchErrors(lane=2, lanes=4)])
def test_the_looks_of_a_confirmation_share_its_level(errors: SearchErrors) -> None:
    first, last = look_level([five(0.1)], errors), look_level([five(0.1)] * 3, errors)
    assert first == pytest.approx(FIRST_LOOK * errors.level)
    assert first + last == pytest.approx(errors.level)


def test_one_partition_confirms_only_what_passes_at_the_first_looks_share() -> None:
    search = five(0.05)
    # Gains whose p-value is just below and just above what the first look may spend; at 13 degrees of freedom.
    joined = math.sqrt(0.45 * (8 * 1e-4 + 5 * 1e-4 / 0.45) / 13)
    edge = t.isf(FIRST_LOOK * FIRST.level, 13) * joined
    settled, open_still = [five(1.001 * edge)], [five(0.999 * edge)]
    assert needs_more(search, settled, NOISE, FIRST).reason == "one fresh partition settles it"
    assert needs_more(search, open_still, NOISE, FIRST)
    real = judge(search, settled, NOISE, FIRST)
    assert (real.verdict, real.reasons) == (Verdict.REAL, ("confirmed on 1 fresh partition",))
    maybe = judge(search, open_still, NOISE, FIRST)
    assert maybe.verdict is Verdict.MAYBE
    assert "on 1 fresh partition; confirmation 1 of this search needs" in maybe.reasons[0]


def test_no_confirmation_goes_on_without_reason() -> None:
    search = five(0.05)
    assert needs_more(search, [five(0.02)] * 3, NOISE, FIRST).reason == "all fresh partitions are in"
    assert needs_more(search, [], UNMEASURED, FIRST).reason == UNMEASURED.reason
    half = FUTILE * 0.5
    exact = some(half - 0.25, half + 0.25, ratio=1.0)
    assert needs_more(exact, [exact], NoiseFloor(deviation=0.5, df=5, folds=2), FIRST).reason == (
        "the gain is gone on fresh partitions"
    )


# --- the tests ---------------------------------------------------------------------------------------------------


def test_the_tests_of_two_folds_match_the_hand_computation() -> None:
    fresh = [some(0.02, 0.04, ratio=1.0), some(0.01, 0.05, ratio=1.0)]
    test = fresh_test(some(0.07, 0.09, ratio=1.0), fresh, NoiseFloor(deviation=0.02, df=4, folds=2))
    assert test is not None
    # Own spread: (2 + 8 + 2) e-4 / 3 on 3 degrees of freedom. Noise of one fold: 4e-4 / (1/2 + 1) on 4.
    own, noise = 4e-4, 4e-4 / 1.5
    joined = (3 * own + 4 * noise) / 7
    assert test.p_partitions == pytest.approx(t.sf(0.03 / math.sqrt(1.5 / 2 * joined), 7))
    assert test.p_new_rows == pytest.approx(t.sf(0.03 / math.sqrt((1 / 4 + 1) * own), 3))


def test_the_noise_of_a_hold_out_is_that_of_its_only_fold() -> None:
    fresh = [some(value, ratio=0.25) for value in (0.02, 0.03, 0.04)]
    test = fresh_test(some(0.05, ratio=0.25), fresh, NoiseFloor(deviation=0.02, df=5, folds=1))
    assert test is not None
    joined = (2 * 1e-4 + 5 * 4e-4) / 7
    assert test.p_partitions == pytest.approx(t.sf(0.03 / math.sqrt((1 / 3 + 0.25) * joined), 7))
    assert test.p_new_rows == pytest.approx(t.sf(0.03 / math.sqrt((1 / 3 + 0.25) * 1e-4), 2))


@pytest.mark.parametrize(
    ("search", "fresh"),
    [
        (five(0.05), []),
        (five(0.05), [some(0.1, math.nan, ratio=0.25)]),
        (some(0.1, math.inf, ratio=0.25), [five(0.05)]),
        (some(0.5, 0.5, ratio=1.0), [some(0.5, 0.5, ratio=1.0)]),
    ],
)
def test_what_cannot_be_tested_has_no_test(search: Comparison, fresh: list[Comparison]) -> None:
    assert fresh_test(search, fresh, NOISE) is None


# --- what the verdict says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "verdict"), [(0.5, Verdict.MAYBE), (-0.5, Verdict.NOISE)])
def test_fresh_gains_without_a_measured_noise_are_no_better_than_maybe(mean: float, verdict: Verdict) -> None:
    judged = judge(five(0.6), [five(mean)] * 3, UNMEASURED, FIRST)
    assert (judged.verdict, judged.reasons) == (verdict, (UNMEASURED.reason,))


def test_what_was_not_confirmed_shows_the_interval_and_the_gain_of_the_search() -> None:
    search = five(0.02)
    judged = judge(search, [], NOISE, FIRST)
    test = search.test
    assert isinstance(test, PairedTest)
    assert (judged.low, judged.high) == (test.low, test.high)
    assert judged.effect == pytest.approx(0.02)


def test_no_adjusted_p_is_above_one() -> None:
    assert judge(five(0.011), [], NOISE, SearchErrors(tried=10_000)).adjusted_p == 1.0
    assert judge(five(0.5), [five(-0.5)] * 3, NOISE, SearchErrors(confirmations_so_far=500)).adjusted_p == 1.0


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ((-0.25, 0.25), "not better than the incumbent"),
        ((-0.5, 0.25), "not better than the incumbent"),
        ((0.0, 0.5), "+0.25, inside the noise of 0.25"),
        ((0.0, 0.25), "+0.125, inside the noise of 0.25"),
    ],
)
def test_a_gain_of_one_noise_deviation_or_less_is_noise(gains: tuple[float, ...], words: str) -> None:
    floor = NoiseFloor(deviation=0.25, df=5, folds=2)
    judged = judge(some(*gains, ratio=1.0), [], floor, FIRST)
    assert (judged.verdict, judged.reasons) == (Verdict.NOISE, (words,))
    again = judge(some(1.0, 1.5, ratio=1.0), [some(*gains, ratio=1.0)], floor, FIRST)
    assert again.verdict is Verdict.NOISE
    assert again.effect == sum(gains) / 2


def test_a_partition_without_a_gain_confirms_nothing() -> None:
    fresh = [some(0.9, 1.1, ratio=1.0), some(-0.25, 0.25, ratio=1.0), some(0.95, 1.05, ratio=1.0)]
    judged = judge(some(0.8, 1.0, ratio=1.0), fresh, NoiseFloor(deviation=0.1, df=5, folds=2), FIRST)
    assert (judged.verdict, judged.confirmed) == (Verdict.MAYBE, False)
    assert judged.reasons == ("not better on 1 of 3 fresh partitions",)
