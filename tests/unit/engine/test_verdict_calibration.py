from __future__ import annotations

import math

import pytest

from support.searches import World, measure

SEARCHES = 200


@pytest.mark.slow
@pytest.mark.parametrize("tails", [math.inf, 5.0], ids=["normal", "heavy-tails"])
@pytest.mark.parametrize("folds", [5, 3])
def test_equal_candidates_are_almost_never_real_and_a_better_one_nearly_always_is(folds: int, tails: float) -> None:
    rates = measure(World(folds=folds, tails=tails), searches=SEARCHES, seed=20)
    assert rates.naive > 0.4  # the danger is there: this is what the search folds alone would claim
    assert rates.false_real <= 0.05
    assert rates.power >= 0.80
    # What that costs: fresh folds of both sides, against the folds of the search itself.
    assert rates.cost <= 0.12
    assert rates.raced < 0.95


@pytest.mark.slow
def test_luck_that_lasts_on_every_partition_does_not_break_the_error_by_much() -> None:
    # All of Nadeau and Bengio's correlation returns on fresh partitions, which no resampling of these rows can see.
    rates = measure(World(folds=5, lasting=1.0), searches=SEARCHES, seed=20)
    assert rates.false_real <= 0.10


@pytest.mark.slow
def test_candidates_noisier_than_the_baseline_are_not_called_real_more_often() -> None:
    rates = measure(World(folds=5, quiet_baseline=0.5), searches=SEARCHES, seed=20)
    assert rates.false_real <= 0.05
