from __future__ import annotations

import numpy as np
import pytest

from assay.engine.noise import UNMEASURED, NoiseFloor
from assay.engine.shrinkage import shrunk_score

NOISE = NoiseFloor(deviation=np.sqrt(2.0), df=5, folds=5)
"""One candidate's mean score has a standard deviation of 1."""


def winners(truth: np.ndarray, rounds: int, fresh: int) -> tuple[float, float, float]:
    """Return the mean raw score, shrunk score and true score of the winner over many searches."""
    rng = np.random.default_rng(8)
    rows = []
    for _ in range(rounds):
        scores = truth + rng.standard_normal(truth.size)
        best = int(scores.argmax())
        again = (truth[best] + rng.standard_normal(fresh)).tolist()
        rows.append((scores[best], shrunk_score(scores[best], scores.tolist(), NOISE, fresh=again).score, truth[best]))
    raw, shrunk, true = np.mean(rows, axis=0)
    return float(raw), float(shrunk), float(true)


@pytest.mark.parametrize("fresh", [0, 1, 3])
def test_the_best_of_a_hundred_equals_is_worth_what_the_others_are(fresh: int) -> None:
    raw, shrunk, true = winners(np.zeros(100), rounds=300, fresh=fresh)
    assert raw > 2.3  # the optimism: expected maximum of 100 standard normal numbers, 2.51
    assert shrunk == pytest.approx(true, abs=0.3)


def test_candidates_that_differ_keep_what_they_earned() -> None:
    truth = np.random.default_rng(1).normal(0.0, 2.0, 60)
    raw, shrunk, true = winners(truth, rounds=300, fresh=0)
    assert abs(shrunk - true) < 0.5 * abs(raw - true)


def test_fresh_runs_correct_what_is_too_cautious_for_a_standout() -> None:
    truth = np.zeros(100)
    truth[17] = 4.2
    _, cautious, true = winners(truth, rounds=300, fresh=0)
    _, confirmed, _ = winners(truth, rounds=300, fresh=3)
    assert true - 0.9 < cautious < true
    assert cautious < confirmed == pytest.approx(true, abs=0.25)


def test_far_off_candidates_and_a_lone_winner_change_nothing() -> None:
    near = [10.0, 9.5, 9.0, 9.2, 9.9]
    alone = shrunk_score(10.0, near, NOISE)
    crowded = shrunk_score(10.0, [*near, *([-100.0] * 50)], NOISE)
    assert crowded.score == alone.score < 10.0
    assert crowded.tried == 55
    assert shrunk_score(10.0, [10.0], NOISE).score == 10.0


def test_two_equals_by_hand() -> None:
    # v = 1, h² = 1/2, gap 1: weights 1 and exp(-1); slope 2 exp(-1) / (1 + exp(-1)); times v + h² = 3/2.
    assert shrunk_score(3.0, [3.0, 2.0], NOISE).score == pytest.approx(3.0 - 3.0 / (np.e + 1.0))


def test_direction_does_not_matter() -> None:
    scores = [1.0, 1.5, 2.0, 2.5, 3.5]
    up = shrunk_score(3.5, scores, NOISE, fresh=[3.0])
    down = shrunk_score(-3.5, [-score for score in scores], NOISE, fresh=[-3.0])
    assert up.score == pytest.approx(-down.score)


def test_an_unknown_noise_leaves_the_score_and_says_so() -> None:
    unknown = shrunk_score(3.0, [1.0, 2.0, 3.0], UNMEASURED)
    assert (unknown.score, unknown.tried, unknown.reason) == (3.0, 3, UNMEASURED.reason)
