from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from assay.core.errors import UsageError
from assay.core.prices import Prices, PriceSource, Rate
from assay.models.endpoint import Endpoint
from assay.models.prices import PackagedTable, prices_of, stated_prices

AT = datetime(2026, 3, 12, 9, tzinfo=UTC).timestamp()
LISTED = Prices(source=PriceSource.TABLE, input=Rate(usd=Decimal(2)), output=Rate(usd=Decimal(8)), table="t 1")


@dataclass
class OneTable:
    """Lists one price for everything."""

    asked: list[Endpoint] = field(default_factory=list)

    def prices(self, endpoint: Endpoint, at: float) -> Prices:
        del at
        self.asked.append(endpoint)
        return LISTED


def packaged(model: str, provider: str = "openai", base_url: str | None = None, at: float = AT) -> Prices:
    return PackagedTable().prices(Endpoint(provider=provider, dialect="openai", model=model, base_url=base_url), at)


def test_a_known_price_comes_from_the_packaged_table_with_its_release_and_its_day() -> None:
    prices = packaged("gpt-4o")
    assert (prices.input, prices.output, prices.cached) == tuple(Rate(usd=Decimal(u)) for u in ("2.5", "10", "1.25"))
    assert prices.table.startswith("genai-prices ")
    assert (prices.source, prices.read) == (PriceSource.TABLE, "2026-03-12")


def test_a_long_input_has_a_price_of_its_own() -> None:
    prices = packaged("gemini-2.5-pro", "google")
    assert prices.of(200_000, 0) == Decimal("0.25")
    assert prices.of(200_001, 0) == Decimal("0.5000025")


def test_a_price_that_depends_on_the_hour_is_the_dearest() -> None:
    address = "https://api.deepseek.com/v1"
    cheap_hour, dear_hour = (datetime(2026, 3, 12, hour, tzinfo=UTC).timestamp() for hour in (3, 20))
    assert packaged("deepseek-chat", base_url=address, at=cheap_hour) == packaged(
        "deepseek-chat", base_url=address, at=dear_hour
    )


@pytest.mark.parametrize(("model", "base_url"), [("no-such-model", None), ("gpt-4o", "http://127.0.0.1:9/v1")])
def test_what_the_table_does_not_know_is_unknown(model: str, base_url: str | None) -> None:
    assert packaged(model, base_url=base_url) == Prices()


def test_the_users_word_goes_before_the_table() -> None:
    table = OneTable()
    stated = prices_of("openai:x", environ={"ASSAY_PRICE": "1.25, 10"}, table=table, at=AT)
    assert stated is not None
    assert (stated.source, stated.table, stated.read) == (PriceSource.STATED, "ASSAY_PRICE", "2026-03-12")
    assert stated.of(1_000_000, 1_000_000) == Decimal("11.25")
    assert not table.asked
    assert prices_of("openai:x", environ={}, table=table, at=AT) == LISTED
    assert [endpoint.name for endpoint in table.asked] == ["openai:x"]


@pytest.mark.parametrize("spec", ["playbook", "recorded:somewhere"])
def test_where_nobody_is_paid_there_are_no_prices(spec: str) -> None:
    assert prices_of(spec, environ={"ASSAY_PRICE": "1,10"}, table=OneTable(), at=AT) is None


def test_a_program_has_unknown_prices_unless_they_are_stated() -> None:
    assert prices_of("cli:claude", environ={}, table=OneTable(), at=AT) == Prices()


@pytest.mark.parametrize("text", ["cheap", "1", "1,2,3", "-1,2", "nan,1", "inf,1"])
def test_a_price_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="two numbers"):
        stated_prices(text, at=AT)
