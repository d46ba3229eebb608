from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.metric import Direction, Metric, Needs

UP = Metric(name="auc", direction=Direction.HIGHER, needs=Needs.PROBABILITY)
DOWN = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES)
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize("metric", [UP, DOWN])
@given(a=finite, b=finite)
def test_exactly_one_of_two_different_values_is_better(metric: Metric, a: float, b: float) -> None:
    assert metric.is_better(a, b) + metric.is_better(b, a) == (a != b)
    assert metric.gain(a, b) == -metric.gain(b, a)


@pytest.mark.parametrize(("metric", "first"), [(UP, 3.0), (DOWN, -2.0)])
def test_ranking_puts_the_best_first_and_absent_values_last(metric: Metric, first: float) -> None:
    ranked = metric.ranked([1.0, None, math.nan, math.inf, 3.0, -2.0], lambda value: value)
    assert ranked[0] == first
    assert list(map(str, ranked[-3:])) == ["None", "nan", "inf"], "in the order in which they came"


def test_equal_values_keep_their_order() -> None:
    assert DOWN.ranked([("a", 1.0), ("b", 1.0)], lambda item: item[1]) == [("a", 1.0), ("b", 1.0)]


def test_nan_is_never_better_and_always_beaten() -> None:
    assert not UP.is_better(math.nan, 0.0)
    assert UP.is_better(-5.0, math.nan)
