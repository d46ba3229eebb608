"""The interval of a score is that of its resampled rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.core.metric import Needs
from assay.data.metric_names import METRICS
from assay.grading.arrays import Pairs
from assay.grading.interval import bootstrap


def errors(count: int, *, seed: int = 1) -> Pairs:
    """Return rows whose absolute errors are exponential: mean and deviation 1."""
    wrong = np.random.default_rng(seed).exponential(1.0, (count, 1))
    return Pairs(needs=Needs.VALUES, rows=count, truth=np.zeros((count, 1)), numbers=wrong)


def chances(positives: int, negatives: int) -> Pairs:
    rows = positives + negatives
    return Pairs(
        needs=Needs.PROBABILITY,
        rows=rows,
        codes=np.array([1] * positives + [0] * negatives)[:, None],
        numbers=np.random.default_rng(2).random((rows, 1)),
        classes=("0", "1"),
    )


@pytest.mark.parametrize("rows", [400, 5000])
def test_the_interval_of_a_mean_is_that_of_the_central_limit(rows: int) -> None:
    pairs = errors(rows)
    found = bootstrap(METRICS["mae"], pairs, seed=3)
    assert found is not None
    error = float(pairs.numbers.std()) / math.sqrt(rows)
    assert found.resamples == 1000
    assert found.std_error == pytest.approx(error, rel=0.08)
    middle = float(pairs.numbers.mean())
    assert ((found.low - middle) / error, (found.high - middle) / error) == pytest.approx((-1.96, 1.96), abs=0.25)


def test_the_seed_alone_decides_what_is_drawn() -> None:
    pairs = errors(50)
    first, again, other = (bootstrap(METRICS["mae"], pairs, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_no_fewer_than_two_hundred_are_drawn() -> None:
    for asked, drawn in ((10, 200), (300, 300)):
        found = bootstrap(METRICS["mae"], errors(20), seed=1, resamples=asked)
        assert found is not None
        assert found.resamples == drawn


def test_a_metric_without_a_form_for_many_resamples_is_computed_on_each() -> None:
    draw = np.random.default_rng(4)
    codes, guess = draw.integers(0, 2, (60, 3)), draw.integers(0, 2, (60, 3))
    pairs = Pairs(needs=Needs.LABELS, rows=60, codes=codes, labels=guess, classes=("0", "1"))
    found = bootstrap(METRICS["f1_macro"], pairs, seed=1)
    assert found is not None
    assert found.resamples == 200
    assert 0.3 < found.low < found.high < 0.7


def test_resamples_without_a_value_are_left_out_and_too_many_of_them_leave_no_interval() -> None:
    # Of ten rows with two positives, 0.8 to the tenth or 11 % of the resamples have none; with three it is 3 %.
    assert bootstrap(METRICS["roc_auc"], chances(2, 8), seed=1) is None
    found = bootstrap(METRICS["roc_auc"], chances(3, 7), seed=1)
    assert found is not None
    assert 940 < found.resamples < 1000


@pytest.mark.parametrize("pairs", [chances(1, 0), chances(0, 0), chances(5, 0)])
def test_one_row_and_one_class_have_no_interval(pairs: Pairs) -> None:
    assert bootstrap(METRICS["roc_auc"], pairs, seed=1) is None


def test_two_rows_are_the_fewest() -> None:
    assert bootstrap(METRICS["mae"], errors(1), seed=1) is None
    assert bootstrap(METRICS["mae"], errors(2), seed=1) is not None
