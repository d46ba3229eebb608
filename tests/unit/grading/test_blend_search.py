"""The search for a blend on stored predictions, where a wrong count would choose another member."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.metric import Needs
from assay.data.metric_names import METRICS, with_params
from assay.grading.arrays import Pairs
from assay.grading.blend_search import Found, Stored, search

ROWS = 40


def of_numbers(*members: np.ndarray, truth: np.ndarray | None = None) -> list[Stored]:
    """The same rows twice, as two folds; the truth is 0 where it is not given."""
    right = np.zeros(len(members[0])) if truth is None else truth
    pairs = Pairs(needs=Needs.VALUES, rows=len(right), truth=right[:, None])
    return [Stored(name=f"fold-{n}", pairs=pairs, members=np.stack(members)[:, :, None]) for n in range(2)]


def of_classes(right: list[int], *members: list[list[float]]) -> list[Stored]:
    classes = ("a", "b", "c")
    codes = np.array(right)[:, None]
    pairs = Pairs(
        needs=Needs.RANKED_LABELS,
        rows=len(right),
        codes=codes,
        relevant=tuple((classes[k],) for k in right),
        classes=classes,
    )
    return [Stored(name=f"fold-{n}", pairs=pairs, members=np.array(members)) for n in range(2)]


def weights(found: Found) -> list[float]:
    return found.choice.weights.tolist()


def test_what_is_beyond_k_counts_nothing() -> None:
    second = [[0.6, 0.4, 0.0]] * 4
    first_or_last = [[0.2, 0.5, 0.3], [0.4, 0.1, 0.3], [0.4, 0.1, 0.3], [0.4, 0.1, 0.3]]
    views = of_classes([1] * 4, second, first_or_last)
    at_one = search(with_params(METRICS["map_at_k"], k=1), views, rule="top")
    assert weights(at_one) == [0.0, 1.0]
    assert at_one.scores == {"fold-0": 0.25, "fold-1": 0.25}
    at_five = search(METRICS["map_at_k"], views, rule="top")
    assert weights(at_five) == [0.5, 0.5]
    assert at_five.scores == {"fold-0": 0.625, "fold-1": 0.625}


def test_rankings_of_one_view_are_scored_part_by_part_and_put_in_order() -> None:
    right = [k % 3 for k in range(12)]
    sure = [[0.8 if k == label else 0.1 for k in range(3)] for label in right]
    found = search(METRICS["map_at_k"], of_classes(right, sure)[:1], rule="top")
    assert found.scores == {"fold-0": 1.0}


def test_equal_chances_rank_in_the_order_of_the_classes() -> None:
    blind = [[1 / 3] * 3] * 4
    second = [[0.5, 0.1, 0.4]] * 4
    found = search(METRICS["map_at_k"], of_classes([2] * 4, blind, second), rule="top")
    assert weights(found) == [0.0, 1.0]
    assert found.scores == {"fold-0": 0.5, "fold-1": 0.5}


def test_of_thresholds_that_are_equally_good_the_one_nearest_to_a_half_is_taken() -> None:
    codes = np.array([0, 1] * (ROWS // 2))[:, None]
    pairs = Pairs(needs=Needs.LABELS, rows=ROWS, codes=codes, labels=codes, classes=("no", "yes"))
    sure = np.where(codes == 1, 0.9, 0.1)
    views = [Stored(name=f"fold-{n}", pairs=pairs, members=np.hstack([1 - sure, sure])[None]) for n in range(2)]
    found = search(METRICS["f1"], views, rule="threshold")
    assert (found.choice.threshold, found.scores) == (0.5, {"fold-0": 1.0, "fold-1": 1.0})


def test_of_many_rows_some_are_looked_at_and_all_are_scored() -> None:
    near, far = np.full(20_001, 0.5), np.full(20_001, 3.0)
    near[-1] = 400.0
    found = search(METRICS["mae"], of_numbers(near, far), rule="mean")
    assert weights(found) == [1.0, 0.0]
    assert found.scores["fold-0"] == pytest.approx((0.5 * 20_000 + 400) / 20_001)


def test_a_member_that_is_another_one_moved_is_like_it_and_a_constant_is_like_nobody() -> None:
    truth = np.arange(ROWS, dtype=float)
    wave = truth + np.tile([1.0, -1.0], ROWS // 2)
    found = search(METRICS["rmse"], of_numbers(wave, wave + 1_000.0, np.full(ROWS, 5_000.0), truth=truth), rule="mean")
    assert weights(found) == [1.0, 0.0, 0.0]
    assert found.unchosen[1].member == found.unchosen[2].member == 0
    assert found.unchosen[1].correlation == pytest.approx(1.0)
    assert found.unchosen[2].correlation == 0.0
