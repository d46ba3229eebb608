from __future__ import annotations

import math
import random

import pytest
from scipy.stats import nct

from assay.grading.stats import Effect, PairedTest, Undefined, cohens_d, corrected_t_test, holm

GAINS = (0.01, 0.02, 0.03, 0.02, 0.02)
"""Mean 0.02; squared deviations 1e-4, 0, 1e-4, 0, 0; so s² = 2e-4 / 4 and s = 0.0070710678."""


def test_corrected_t_test_matches_the_hand_computation() -> None:
    result = corrected_t_test(GAINS)
    assert isinstance(result, PairedTest)
    assert (result.folds, result.mean) == (5, pytest.approx(0.02))
    # Variance of the mean: (1/5 + 1/4) * 5e-5 = 2.25e-5; error 0.00474342; t = 0.02 / 0.00474342.
    assert result.std_error == pytest.approx(0.004743416, rel=1e-6)
    assert result.t == pytest.approx(4.216370, rel=1e-6)
    # With 4 degrees of freedom the upper tail is 1/2 - (3x - x³)/4 for x = t / sqrt(4 + t²).
    x = result.t / math.sqrt(4 + result.t**2)
    upper = 0.5 - (3 * x - x**3) / 4
    assert result.p_value == pytest.approx(upper, rel=1e-9)
    assert result.p_two_sided == pytest.approx(2 * upper, rel=1e-9)
    assert (result.low, result.high) == pytest.approx((0.02 - 2.776445 * 0.004743416, 0.02 + 2.776445 * 0.004743416))


def test_the_share_of_test_rows_enters_the_variance() -> None:
    result = corrected_t_test(GAINS, test_train_ratio=1.0)
    assert isinstance(result, PairedTest)
    assert result.std_error == pytest.approx(math.sqrt(1.2 * 5e-5))


def test_a_loss_has_a_large_one_sided_p_value() -> None:
    gain, loss = corrected_t_test(GAINS), corrected_t_test([-g for g in GAINS])
    assert isinstance(gain, PairedTest)
    assert isinstance(loss, PairedTest)
    assert gain.p_value + loss.p_value == pytest.approx(1.0)
    assert gain.p_two_sided == pytest.approx(loss.p_two_sided)


def test_effect_size_matches_the_hand_computation() -> None:
    effect = cohens_d(GAINS)
    assert isinstance(effect, Effect)
    assert effect.d == pytest.approx(0.02 / math.sqrt(5e-5))
    assert effect.low < effect.d < effect.high
    mirrored = cohens_d([-g for g in GAINS])
    assert isinstance(mirrored, Effect)
    assert (mirrored.d, mirrored.low, mirrored.high) == pytest.approx((-effect.d, -effect.high, -effect.low))


@pytest.mark.parametrize("gains", [(-0.02, 0.02), (-0.02, 0.03), (0.0, 0.1, 0.0, 0.1), (1.0, 1.4, 1.2)])
def test_the_ends_of_the_effect_interval_leave_a_fortieth_on_each_side(gains: tuple[float, ...]) -> None:
    effect = cohens_d(gains)
    assert isinstance(effect, Effect)
    root, freedom = math.sqrt(len(gains)), len(gains) - 1
    below = [nct.cdf(effect.d * root, freedom, end * root) for end in (effect.low, effect.high)]
    assert below == pytest.approx([0.975, 0.025], abs=1e-6)


def test_effect_interval_with_one_degree_of_freedom_is_the_inverted_noncentral_t() -> None:
    effect = cohens_d([1.0, 3.0])
    assert isinstance(effect, Effect)
    assert effect.d == pytest.approx(math.sqrt(2.0))
    # Monte Carlo of the definition: (Z + shift) / |Z'| is above t = 2 in 2.5 % of cases at the lower end.
    generator = random.Random(1)
    shift = effect.low * math.sqrt(2)
    draws = 40_000
    above = sum((generator.gauss(0, 1) + shift) / abs(generator.gauss(0, 1)) >= 2.0 for _ in range(draws))
    assert above / draws == pytest.approx(0.025, abs=0.004)


def test_an_enormous_effect_has_a_finite_interval() -> None:
    for step in (1e-2, 1e-4, 1e-6, 1e-9):
        effect = cohens_d([1.0, 1.0 + step, 1.0 + 2 * step])
        assert isinstance(effect, Effect)
        # Far out the interval scales with d: chi² of 2 degrees of freedom has the quantiles -2 ln(0.975), -2 ln(0.025).
        assert effect.low / effect.d == pytest.approx(math.sqrt(-math.log(0.975)), rel=1e-3)
        assert effect.high / effect.d == pytest.approx(math.sqrt(-math.log(0.025)), rel=1e-3)


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ([], "at least 2 folds, got 0"),
        ([0.1], "at least 2 folds, got 1"),
        ([0.0, 0.0, 0.0], "identical on every fold"),
        ([0.1, 0.1, 0.1], "same on every fold"),
        ([1e6, 1e6 + 1e-7], "same on every fold (1e+06)"),
        ([0.1, math.nan], "not finite"),
        ([0.1, math.inf, 0.2], "not finite"),
    ],
)
def test_what_has_no_spread_is_a_reason_and_never_a_number(gains: list[float], words: str) -> None:
    for result in (corrected_t_test(gains), cohens_d(gains)):
        assert isinstance(result, Undefined)
        assert words in result.reason


def test_a_ratio_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        corrected_t_test(GAINS, test_train_ratio=0.0)


def test_holm_matches_the_hand_computation() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1, and never below the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))
    assert holm([0.5, None, 0.6]) == (1.0, None, 1.0)
    assert holm([0.6, 0.7]) == (1.0, 1.0)
    assert holm([0.03]) == (0.03,)
    assert holm([]) == ()
