from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from assay.core.usage import Usage

tokens = st.integers(0, 1000)
costs = st.none() | st.integers(0, 50).map(lambda cents: Decimal(cents) / 100)


@st.composite
def answers(draw: st.DrawFn) -> Usage:
    """One answer: all its requests have a price, or none has."""
    requests = draw(st.integers(0, 3))
    return Usage(
        requests=requests,
        input_tokens=draw(tokens),
        cached_tokens=draw(tokens),
        output_tokens=draw(tokens),
        reasoning_tokens=draw(tokens),
        cost_usd=draw(costs) if requests else None,
    )


@given(st.lists(answers(), max_size=6))
def test_a_sum_counts_everything_once_and_keeps_apart_what_nobody_knows_the_price_of(parts: list[Usage]) -> None:
    whole = reduce(add, parts, Usage())
    for name in ("requests", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "tokens"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    assert whole.tokens == whole.input_tokens + whole.output_tokens
    priced = [part for part in parts if part.cost_usd is not None]
    assert whole.cost_usd == (sum((part.cost_usd for part in priced), Decimal(0)) if priced else None)
    assert whole.unpriced == sum(part.requests for part in parts if part.cost_usd is None)
    assert whole.unpriced_requests == (whole.unpriced if priced else 0)


@given(st.lists(answers(), min_size=3, max_size=3))
def test_the_order_of_adding_does_not_matter(parts: list[Usage]) -> None:
    one, two, three = parts
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one


def test_an_answer_without_a_request_costs_nothing_and_leaves_the_price_unknown() -> None:
    unknown = Usage(requests=1)
    assert (Usage(cost_usd=Decimal(0)) + unknown).cost_usd is None
    assert (Usage(cost_usd=Decimal(0)) + unknown).unpriced == 1
