from __future__ import annotations

import math

import numpy as np
import pytest

from assay.engine.noise import UNMEASURED, NoiseFloor
from assay.engine.racing import RACING_ERROR, can_still_win

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
    assert can_still_win([math.nan], folds=5, noise=NOISE).reason == "a fold has no finite score"


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
