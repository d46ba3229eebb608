from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.codec import decode, encode
from assay.core.prices import Prices, PriceSource, Rate, RateTier
from assay.core.usage import Usage

DOLLAR = Prices(input=Rate(usd=Decimal(1)), output=Rate(usd=Decimal(10)))
FULL = Prices(
    source=PriceSource.TABLE,
    input=Rate(usd=Decimal(3), tiers=(RateTier(over=200_000, usd=Decimal(6)),)),
    output=Rate(usd=Decimal(15), tiers=(RateTier(over=200_000, usd=Decimal("22.5")),)),
    cached=Rate(usd=Decimal("0.3")),
    cache_write=Rate(usd=Decimal("3.75")),
    table="prices 1.2",
    read="2026-03-12",
)


@pytest.mark.parametrize(
    ("prices", "tokens", "cached", "written", "cost"),
    [
        (DOLLAR, (0, 0), 0, 0, "0"),
        (DOLLAR, (1_000, 200), 0, 0, "0.003"),
        (DOLLAR, (1_000, 200), 600, 400, "0.003"),
        (FULL, (1_000, 100), 600, 100, "0.002955"),
        (FULL, (200_000, 100), 0, 0, "0.6015"),
        (FULL, (200_001, 100), 0, 0, "1.202256"),
        (FULL, (500, 0), 700, 0, "0.00021"),
    ],
)
def test_what_a_request_costs(prices: Prices, tokens: tuple[int, int], cached: int, written: int, cost: str) -> None:
    assert prices.of(*tokens, cached_tokens=cached, cache_write_tokens=written) == Decimal(cost)
    if not cached and not written:
        assert prices.of(*tokens) == Decimal(cost)


@pytest.mark.parametrize("half", [Prices(), Prices(input=Rate(usd=Decimal(1))), Prices(output=Rate(usd=Decimal(1)))])
def test_an_unknown_price_is_none_and_never_zero(half: Prices) -> None:
    assert half.of(10, 10) is None
    assert not half.known


def test_prices_come_back_from_the_journal_as_they_went_in() -> None:
    assert decode(Prices, encode(FULL)) == FULL
    assert decode(Prices, encode(Prices())) == Prices()


def test_the_same_rates_are_equal_whoever_says_so() -> None:
    assert FULL.equals(Prices(input=FULL.input, output=FULL.output, cached=FULL.cached, cache_write=FULL.cache_write))
    assert not FULL.equals(Prices(input=FULL.input, output=FULL.output))


usages = st.builds(
    Usage,
    requests=st.integers(1, 3),
    input_tokens=st.integers(0, 9_000),
    cost_usd=st.none() | st.integers(0, 500).map(lambda cents: Decimal(cents) / 100),
)


@given(st.lists(usages))
def test_a_sum_keeps_every_known_dollar_and_counts_every_unpriced_request(parts: list[Usage]) -> None:
    total = sum(parts, Usage())
    assert (total.cost_usd or 0) == sum(part.cost_usd for part in parts if part.cost_usd is not None)
    assert total.unpriced == sum(part.requests for part in parts if part.cost_usd is None)
    assert (total.cost_usd is None) == all(part.cost_usd is None for part in parts)
    assert total == sum(reversed(parts), Usage())
