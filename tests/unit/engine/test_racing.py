from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from assay.engine.comparison import Comparison
from assay.engine.noise import UNMEASURED, NoiseFloor
from assay.engine.racing import RACING_ERROR, SCREEN, can_still_win, worth_confirming

NOISE = NoiseFloor(deviation=0.01, df=5, folds=5)


def test_a_candidate_far_behind_is_stopped_after_the_first_fold() -> None:
    decision = can_still_win([-0.5], folds=5, noise=NOISE)
    assert not decision
    assert "1 of 5 folds: behind by 0.5" in decision.reason


@pytest.mark.parametrize("gains", [[0.5], [-0.01], [0.02, -0.04], [-0.01, -0.01, 0.02]])
def test_a_candidate_within_luck_goes_on(gains: list[float]) -> None:
    assert can_still_win(gains, folds=5, noise=NOISE)


def test_nothing_is_stopped_without_folds_to_save_or_a_spread_to_go_by() -> None:
    assert can_still_win([], folds=5, noise=NOISE)
    assert can_still_win([-9.0], folds=1, noise=NOISE)
    assert can_still_win([-9.0] * 5, folds=5, noise=NOISE)
    assert can_still_win([-9.0], folds=5, noise=UNMEASURED)
    assert can_still_win([-9.0, -9.0], folds=5, noise=UNMEASURED)
    assert not can_still_win([-9.0, -9.1, -9.05], folds=5, noise=UNMEASURED)


def test_a_fold_without_a_finite_score_ends_the_race() -> None:
    for gains in ([math.nan], [math.inf], [0.5, -math.inf]):
        stopped = can_still_win(gains, folds=5, noise=NOISE)
        assert (stopped.yes, stopped.reason) == (False, "a fold has no finite score")


@pytest.mark.parametrize(
    ("shape", "noise", "variance", "df"),
    [
        # Noise of one fold's gain: 5 * 0.01² = 5e-4. On the first fold its deviation is doubled.
        ((0.0,), NOISE, 4 * 5e-4, 5),
        # Spread of the own gains: 2 * 0.04² = 32e-4 on one degree of freedom, and 0.04² on two.
        ((-0.04, 0.04), NOISE, (5 * 5e-4 + 32e-4) / 6, 6),
        ((-0.04, 0.04), UNMEASURED, 32e-4, 1),
        ((-0.04, 0.0, 0.04), NOISE, (5 * 5e-4 + 2 * 16e-4) / 7, 7),
        ((-0.04, 0.0, 0.04), UNMEASURED, 16e-4, 2),
        # A spread below the noise is an accident: it is the noise then, on all degrees of freedom.
        ((-0.001, 0.001), NOISE, 5e-4, 6),
    ],
)
def test_the_race_ends_just_beyond_what_luck_allows(
    shape: tuple[float, ...], noise: NoiseFloor, variance: float, df: int
) -> None:
    done, folds = len(shape), 5
    bound = t.ppf(1.0 - RACING_ERROR, df) * math.sqrt(variance * (folds - done) / (folds * done))
    assert can_still_win([step - 0.999 * bound for step in shape], folds=folds, noise=noise)
    assert not can_still_win([step - 1.001 * bound for step in shape], folds=folds, noise=noise)


def test_what_is_not_worth_a_confirmation_says_why() -> None:
    def reason(*gains: float) -> str:
        decision = worth_confirming(Comparison(views=("a", "b"), gains=gains, ratio=1.0), NOISE)
        assert not decision
        return decision.reason

    assert reason(0.5, math.nan) == reason(0.5, math.inf) == "a fold has no finite score"
    assert reason(SCREEN * 0.01, SCREEN * 0.01) == "not clearly above the best on the search folds"


def test_its_own_spread_keeps_a_noisy_candidate_in_the_race() -> None:
    assert not can_still_win([-0.08, -0.08, -0.08], folds=5, noise=NOISE)
    assert can_still_win([-0.48, 0.32, -0.08], folds=5, noise=NOISE)


def test_a_candidate_that_would_end_level_is_stopped_no_more_often_than_stated() -> None:
    rng = np.random.default_rng(3)
    folds, rounds = 5, 4_000
    fold_sd = math.sqrt(folds) * 0.01
    gains = fold_sd * rng.standard_normal((rounds, folds))
    gains -= gains.mean(axis=1, keepdims=True)  # every candidate would end exactly level
    for looked in range(1, folds):
        measured = 0.01 * np.sqrt(rng.chisquare(5, rounds) / 5)
        stopped = sum(
            not can_still_win(row[:looked].tolist(), folds=folds, noise=NoiseFloor(deviation=sd, df=5, folds=folds))
            for row, sd in zip(gains, measured.tolist(), strict=True)
        )
        assert stopped / rounds <= RACING_ERROR
