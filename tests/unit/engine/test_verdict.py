from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from assay.core.codec import decode, encode
from assay.core.metric import Direction, Metric, Needs
from assay.core.trial import Verdict
from assay.engine.comparison import Comparison
from assay.engine.verdict import (
    ALPHA,
    UNMEASURED,
    NoiseFloor,
    SearchErrors,
    compare,
    confirmation_seeds,
    fresh_test,
    judge,
    measure_noise,
    needs_more,
    worth_confirming,
)
from assay.grading.stats import PairedTest

ACCURACY = Metric(name="accuracy", direction=Direction.HIGHER, needs=Needs.LABELS)
RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES)
NOISE = NoiseFloor(deviation=0.01, df=5, folds=5)
FIRST = SearchErrors(tried=3)


def gains(*values: float, ratio: float | None = None) -> Comparison:
    """Return the comparison with these gains over an incumbent that scored 0 on every fold."""
    mine = {f"fold-{n}": value for n, value in enumerate(values)}
    return compare(mine, dict.fromkeys(mine, 0.0), ACCURACY, test_train_ratio=ratio)


def shifted(mean: float, spread: float = 0.01) -> Comparison:
    """Return five gains with this mean and sample variance spread²."""
    return gains(*(mean + spread * step for step in (-1.0, -1.0, 0.0, 1.0, 1.0)))


# --- the noise ---------------------------------------------------------------------------------------------------


def test_the_noise_deviation_is_the_spread_of_the_runs_times_root_two() -> None:
    runs = [{"a": 0.79, "b": 0.81}, {"a": 0.80, "b": 0.82}, {"a": 0.81, "b": 0.83}]
    noise = measure_noise(runs)
    # Means 0.80, 0.81, 0.82: sample variance 1e-4.
    assert noise.deviation == pytest.approx(math.sqrt(2.0) * 0.01)
    assert noise.floor == noise.deviation
    assert (noise.df, noise.folds, noise.reason) == (2, 2, "")
    assert noise.means == pytest.approx((0.80, 0.81, 0.82))
    assert decode(NoiseFloor, encode(noise)) == noise


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "0 runs"),
        ([{"a": 0.1}, {"a": 0.2}], "2 runs"),
        ([{"a": 0.1}, {"a": 0.2}, {"a": 0.3, "b": 0.4}], "[1, 2] folds"),
        ([{}, {}, {}], "[0] folds"),
        ([{"a": 0.1}, {"a": 0.2}, {"a": math.nan}], "finite"),
        ([{"a": 0.1}, {"a": 0.1}, {"a": 0.1}], "the same on every partition"),
    ],
)
def test_a_noise_that_cannot_be_measured_says_why(runs: list[dict[str, float]], words: str) -> None:
    noise = measure_noise(runs)
    assert noise.deviation is None
    assert words in noise.reason


# --- the comparison ----------------------------------------------------------------------------------------------


def test_gains_follow_the_direction_of_the_metric() -> None:
    mine, theirs = {"fold-0": 1.0, "fold-1": 2.0}, {"fold-0": 1.5, "fold-1": 2.25}
    assert compare(mine, theirs, RMSE).gains == (0.5, 0.25)
    assert compare(mine, theirs, ACCURACY).gains == (-0.5, -0.25)
    assert compare(mine, theirs, RMSE).better == 2


def test_the_test_of_a_comparison_is_the_corrected_one() -> None:
    one = gains(0.01, 0.02, 0.03, 0.02, 0.02)
    assert isinstance(one.test, PairedTest)
    # By hand: variance of the mean (1/5 + 1/4) * 5e-5, t = 0.02 / 0.00474342 with 4 degrees of freedom.
    assert one.test.t == pytest.approx(4.216370, rel=1e-6)
    assert one.variance == pytest.approx(5e-5)


def test_only_shared_folds_are_compared_and_the_ratio_is_that_of_the_whole_partition() -> None:
    theirs = {f"fold-{n}": 0.5 for n in range(5)}
    raced = compare({"fold-0": 0.6, "fold-1": 0.7}, theirs, ACCURACY)
    assert raced.gains == pytest.approx((0.1, 0.2))
    assert raced.ratio == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("values", "words"),
    [((0.1,), "at least 2"), ((0.0, 0.0), "identical"), ((0.1, 0.1, 0.1), "same on every fold")],
)
def test_an_undefined_test_is_a_reason(values: tuple[float, ...], words: str) -> None:
    assert words in gains(*values).undefined


# --- error over the search ---------------------------------------------------------------------------------------


def test_levels_add_up_to_alpha_however_many_confirmations_follow() -> None:
    levels = [SearchErrors(confirmations_so_far=n).level for n in range(20_000)]
    assert sum(levels) == pytest.approx(ALPHA, rel=1e-3)
    assert sum(levels) < ALPHA
    assert all(earlier > later for earlier, later in itertools.pairwise(levels))


def test_a_confirmed_gain_hands_its_level_on_and_a_failed_one_does_not() -> None:
    single = [SearchErrors(confirmations_so_far=n).level for n in range(4)]
    assert SearchErrors(confirmations_so_far=3, streak=2).level == pytest.approx(sum(single[1:]))
    assert SearchErrors(confirmations_so_far=3, streak=3).level == pytest.approx(sum(single))
    assert SearchErrors(confirmations_so_far=3, streak=0).level == pytest.approx(single[3])


def test_lanes_side_by_side_share_the_same_error() -> None:
    lanes = [SearchErrors(confirmations_so_far=n, lane=lane, lanes=4).level for n in range(5_000) for lane in range(4)]
    assert sum(lanes) == pytest.approx(ALPHA, rel=1e-3)
    assert sum(lanes) < ALPHA
    assert len(set(lanes)) == len(lanes)


# --- the confirmation --------------------------------------------------------------------------------------------


def test_both_tests_match_the_hand_computation() -> None:
    search, fresh = shifted(0.05), [shifted(0.02), shifted(0.04)]
    test = fresh_test(search, fresh, UNMEASURED)
    assert test is not None
    assert test.mean == pytest.approx(0.03)
    # s² = 1e-4 on 3 * 4 degrees of freedom. Partitions as replicates: (1/5 + 1/4) s² / 2; all dependent:
    # (1/10 + 1/4) s².
    from scipy.stats import t

    assert test.p_partitions == pytest.approx(t.sf(0.03 / math.sqrt(0.45e-4 / 2), 12))
    assert test.p_new_rows == pytest.approx(t.sf(0.03 / math.sqrt(0.35e-4), 12))
    half = t.ppf(0.975, 12) * math.sqrt(0.35e-4)
    assert (test.low, test.high) == pytest.approx((0.03 - half, 0.03 + half))


def test_the_mean_of_the_search_folds_is_no_evidence() -> None:
    fresh = [shifted(0.02), shifted(0.04)]
    modest, boastful = (fresh_test(shifted(mean), fresh, NOISE) for mean in (0.01, 5.0))
    assert modest is not None
    assert boastful is not None
    assert modest.p_partitions == pytest.approx(boastful.p_partitions, rel=1e-6)
    assert modest.mean == boastful.mean


def test_the_measured_noise_joins_the_spread_of_the_folds() -> None:
    search, fresh = shifted(0.05), [shifted(0.03)]
    from scipy.stats import t

    # Noise of one fold: 1e-4 / 0.45 on 5 degrees of freedom; own spread 1e-4 on 8.
    joined = (8 * 1e-4 + 5 * 1e-4 / 0.45) / 13
    test = fresh_test(search, fresh, NOISE)
    assert test is not None
    assert test.p_partitions == pytest.approx(t.sf(0.03 / math.sqrt(0.45 * joined), 13))
    # A candidate that is far noisier than the baseline is judged by its own spread.
    noisy = fresh_test(shifted(0.05, 0.05), [shifted(0.03, 0.05)], NOISE)
    assert noisy is not None
    assert noisy.p_partitions == pytest.approx(t.sf(0.03 / math.sqrt(0.45 * 25e-4), 8))


def test_one_fold_a_partition_is_tested_between_partitions() -> None:
    search, fresh = gains(0.05, ratio=0.25), [gains(value, ratio=0.25) for value in (0.02, 0.03, 0.04)]
    assert fresh_test(search, fresh[:1], UNMEASURED) is None
    test = fresh_test(search, fresh, UNMEASURED)
    assert test is not None
    from scipy.stats import t

    assert test.p_partitions == pytest.approx(t.sf(0.03 / math.sqrt((1 / 3 + 0.25) * 1e-4), 2))
    assert test.p_partitions == test.p_new_rows


@pytest.mark.parametrize(("folds", "seeds"), [(10, 3), (5, 3), (4, 3), (3, 4), (2, 6), (1, 6)])
def test_fewer_folds_take_more_partitions(folds: int, seeds: int) -> None:
    assert confirmation_seeds(folds) == seeds


def test_a_large_gain_is_settled_by_one_partition_and_a_vanished_one_too() -> None:
    search = shifted(0.05)
    assert needs_more(search, [], NOISE, FIRST)
    assert needs_more(search, [shifted(0.02)], NOISE, FIRST)
    settled = needs_more(search, [shifted(0.10)], NOISE, FIRST)
    assert (settled.yes, settled.reason) == (False, "one fresh partition settles it")
    gone = needs_more(search, [shifted(0.004)], NOISE, FIRST)
    assert (gone.yes, gone.reason) == (False, "the gain is gone on fresh partitions")
    assert not needs_more(search, [shifted(0.02)] * 3, NOISE, FIRST)
    assert not needs_more(search, [], UNMEASURED, FIRST)


@pytest.mark.parametrize(("mean", "worth"), [(0.05, True), (0.0011, True), (0.0009, False), (-0.05, False)])
def test_only_a_would_be_best_is_worth_confirming(mean: float, worth: bool) -> None:
    assert bool(worth_confirming(shifted(mean), NOISE)) is worth
    decision = worth_confirming(shifted(mean), UNMEASURED)
    assert not decision
    assert decision.reason == UNMEASURED.reason


# --- the verdict -------------------------------------------------------------------------------------------------

FRESH = [shifted(0.05), shifted(0.04), shifted(0.06)]


def test_a_confirmed_gain_beyond_the_noise_is_real() -> None:
    judged = judge(shifted(0.08), FRESH, NOISE, FIRST)
    assert judged.verdict is Verdict.REAL
    assert judged.effect == pytest.approx(0.05)  # of the fresh folds, not the search's
    assert judged.low is not None
    assert judged.high is not None
    assert 0 < judged.low < 0.05 < judged.high
    assert judged.adjusted_p is not None
    assert judged.p_value is not None
    assert judged.p_value < judged.adjusted_p <= ALPHA
    assert (judged.confirmed, judged.same_sign, judged.folds) == (True, 5, 5)
    assert judged.reasons == ("confirmed on 3 fresh partitions",)


def test_adjusted_p_is_small_just_when_the_verdict_is_real() -> None:
    for mean, before in itertools.product((0.011, 0.014, 0.017, 0.02, 0.025, 0.03, 0.04), (0, 1, 4, 30)):
        errors = SearchErrors(confirmations_so_far=before, tried=100)
        judged = judge(shifted(0.08), [shifted(mean)] * 3, NOISE, errors)
        assert judged.adjusted_p is not None
        assert (judged.adjusted_p <= ALPHA) is (judged.verdict is Verdict.REAL)
        assert judged.verdict in (Verdict.REAL, Verdict.MAYBE)


def test_later_confirmations_need_more_and_say_so() -> None:
    fresh = [shifted(0.019)] * 3
    assert judge(shifted(0.08), fresh, NOISE, FIRST).verdict is Verdict.REAL
    late = judge(shifted(0.08), fresh, NOISE, SearchErrors(confirmations_so_far=40, tried=400))
    assert late.verdict is Verdict.MAYBE
    assert "confirmation 41 of this search needs" in late.reasons[0]
    streak = SearchErrors(confirmations_so_far=40, tried=400, streak=40)
    assert judge(shifted(0.08), fresh, NOISE, streak).verdict is Verdict.REAL


@pytest.mark.parametrize(
    ("fresh", "verdict", "words"),
    [
        ([shifted(0.005)] * 3, Verdict.NOISE, "inside the noise of 0.01"),
        ([shifted(-0.05)], Verdict.NOISE, "-0.05 on fresh partitions"),
        ([shifted(0.10), shifted(-0.01), shifted(0.10)], Verdict.MAYBE, "not better on 1 of 3 fresh partitions"),
        ([shifted(0.02, 0.04)] * 3, Verdict.MAYBE, "needs"),
    ],
)
def test_what_the_fresh_partitions_do_not_confirm(fresh: list[Comparison], verdict: Verdict, words: str) -> None:
    judged = judge(shifted(0.5), fresh, NOISE, FIRST)
    assert judged.verdict is verdict
    assert judged.confirmed is False
    assert words in judged.reasons[0]


def test_nothing_unconfirmed_is_real() -> None:
    judged = judge(shifted(10.0), [], NOISE, SearchErrors(tried=1))
    assert (judged.verdict, judged.confirmed, judged.reasons) == (Verdict.MAYBE, None, ("not confirmed",))


def test_nothing_is_real_without_a_measured_noise() -> None:
    judged = judge(shifted(10.0), [shifted(10.0, 0.02)] * 3, UNMEASURED, FIRST)
    assert (judged.verdict, judged.reasons) == (Verdict.MAYBE, (UNMEASURED.reason,))
    assert judge(shifted(-1.0), [], UNMEASURED, FIRST).verdict is Verdict.NOISE
    assert judge(shifted(0.001), [], UNMEASURED, FIRST).verdict is Verdict.NOISE
    assert UNMEASURED.reason in judge(shifted(0.5), [], UNMEASURED, FIRST).reasons


def test_a_confirmation_that_repeats_the_search_is_none() -> None:
    search = shifted(0.5)
    judged = judge(search, [replace(search)] * 3, NOISE, FIRST)
    assert (judged.verdict, judged.confirmed) == (Verdict.MAYBE, False)
    assert "repeated the search folds" in judged.reasons[0]


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (gains(0.0, 0.0, 0.0), "identical to the incumbent"),
        (gains(0.1, math.nan, 0.1), "no finite score"),
        (gains(0.1, math.inf, 0.1), "no finite score"),
        (gains(), "no fold was scored"),
    ],
)
def test_broken_evidence_is_rejected_before_any_decision(search: Comparison, words: str) -> None:
    judged = judge(search, [], NOISE, FIRST)
    assert judged.verdict is Verdict.NOISE
    assert words in judged.reasons[0]
    assert judged.p_value is None
    assert judged.adjusted_p is None
    assert judged.effect == (0.0 if words.startswith("identical") else None)


def test_a_fresh_partition_with_a_score_that_is_not_finite_confirms_nothing() -> None:
    judged = judge(shifted(0.5), [shifted(0.5, 0.02), gains(0.5, math.nan)], NOISE, FIRST)
    assert (judged.verdict, judged.reasons) == (Verdict.NOISE, ("a fold has no finite score",))


def test_constant_differences_are_undefined_and_not_a_number() -> None:
    judged = judge(gains(0.1, 0.1, 0.1), [], NOISE, FIRST)
    assert judged.verdict is Verdict.MAYBE
    assert judged.p_value is None
    assert "same on every fold" in judged.reasons[1]
    confirmed = judge(gains(0.1, 0.1, 0.1), [gains(0.2, 0.2, 0.2)], NOISE, FIRST)
    assert (confirmed.verdict, confirmed.reasons) == (
        Verdict.MAYBE,
        ("the fresh gains have no spread to test with",),
    )


def test_one_fold_gives_no_p_value() -> None:
    judged = judge(gains(0.5), [], NOISE, FIRST)
    assert (judged.verdict, judged.p_value, judged.low) == (Verdict.MAYBE, None, None)
    assert "at least 2 folds" in judged.reasons[1]


def test_an_unconfirmed_p_value_is_adjusted_for_all_that_was_tried() -> None:
    judged = judge(shifted(0.02), [], NOISE, SearchErrors(tried=7))
    assert judged.p_value is not None
    assert judged.adjusted_p == pytest.approx(min(1.0, 7 * judged.p_value))
    assert judged.adjusted_p > judged.p_value


@pytest.mark.parametrize(("mean", "verdict"), [(-0.02, "noise"), (0.009, "noise"), (0.011, "maybe")])
def test_the_floor_separates_noise_from_maybe(mean: float, verdict: str) -> None:
    assert judge(shifted(mean), [], NOISE, FIRST).verdict == verdict
