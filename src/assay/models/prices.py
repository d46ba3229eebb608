"""What a model's tokens cost: stated by the user, or from the table that ships with genai-prices.

They are read once, when a run starts, and then belong to the run. Nothing is looked up over the network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Protocol

from assay.core.errors import MachineError, UsageError
from assay.core.prices import Prices, PriceSource, Rate, RateTier
from assay.models.endpoint import Endpoint, resolve

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

PRICE_VARIABLE = "ASSAY_PRICE"
_FREE = ("playbook", "recorded")
_HOURS = tuple(time(hour, half) for hour in range(24) for half in (0, 45))
"""Looked at where a price depends on the hour."""


class PriceTable(Protocol):
    """Knows what models cost. Asked once for each process that works on a run."""

    def prices(self, endpoint: Endpoint, at: float) -> Prices:
        """Return what the model's tokens cost at `at`, seconds since the epoch; unknown prices if it does not know.

        Raises:
            MachineError: The table is not installed (E560).
        """
        ...


class PackagedTable:
    """The table that ships with the genai-prices package.

    Prices that depend on the hour are taken at their dearest, so that a cap holds at every hour. What searches of the
    provider's own cost stands in `assay.models.searching`.
    """

    def prices(self, endpoint: Endpoint, at: float) -> Prices:
        """Return what the model's tokens cost; see `PriceTable.prices`."""
        try:
            from genai_prices import __version__
        except ImportError as error:
            raise MachineError(
                "E560", f"prices need a package that is missing: {error.name}", fix="uv sync --extra llm"
            ) from error
        day = datetime.fromtimestamp(at, UTC)
        listed = [_listed(endpoint, datetime.combine(day, hour, UTC)) for hour in _HOURS]
        known = [prices for prices in listed if prices is not None]
        if not known:
            return Prices()
        rates = max(known, key=lambda prices: prices["output"].usd + prices["input"].usd)
        name = f"genai-prices {__version__}"
        return Prices(source=PriceSource.TABLE, table=name, read=day.date().isoformat(), **rates)


def prices_of(
    spec: str,
    *,
    base_url: str | None = None,
    environ: Mapping[str, str] | None = None,
    table: PriceTable | None = None,
    at: float,
) -> Prices | None:
    """Return what the tokens of the model `spec` cost; None where nobody is paid.

    Args:
        spec: As for `open_model`.
        base_url: As for `open_model`: a gateway has prices of its own.
        environ: Variables to read addresses and ASSAY_PRICE from; the process's own if None.
        table: Asked where the user states no price; the packaged one if None.
        at: The present, seconds since the epoch.

    Raises:
        UsageError: What ASSAY_PRICE says is no price (E063).
        MachineError: The table is not installed (E560).
    """
    if spec.partition(":")[0] in _FREE:
        return None
    variables = os.environ if environ is None else environ
    stated = variables.get(PRICE_VARIABLE)
    if stated:
        return stated_prices(stated, at=at)
    try:
        endpoint = resolve(spec, base_url=base_url, environ=variables)
    except UsageError:  # a program, or a misspelt name, which is for `open_model` to tell
        return Prices()
    return (table or PackagedTable()).prices(endpoint, at)


def stated_prices(text: str, *, at: float) -> Prices:
    """Return what a user states as `IN,OUT`, US dollars per million tokens; cached tokens count in full.

    Raises:
        UsageError: It is not two numbers of at least 0 (E063).
    """
    try:
        first, second = (Decimal(part.strip()) for part in text.split(","))
    except (ValueError, InvalidOperation):
        first = second = Decimal(-1)
    if not (first.is_finite() and second.is_finite() and first >= 0 and second >= 0):
        raise UsageError(
            "E063",
            f"a price is two numbers, US dollars per million input and output tokens, not {text!r}",
            fix=f"{PRICE_VARIABLE}=1.25,10",
        )
    return Prices(
        source=PriceSource.STATED,
        input=Rate(usd=first),
        output=Rate(usd=second),
        table=PRICE_VARIABLE,
        read=datetime.fromtimestamp(at, UTC).date().isoformat(),
    )


def _listed(endpoint: Endpoint, when: datetime) -> dict[str, Any] | None:
    from genai_prices import Usage, calc_price

    usage, model = Usage(), endpoint.model
    try:
        if endpoint.base_url is not None:  # a gateway has prices of its own
            found = calc_price(usage, model, provider_api_url=endpoint.base_url, genai_request_timestamp=when)
        else:
            found = calc_price(usage, model, provider_id=endpoint.provider, genai_request_timestamp=when)
    except (LookupError, ValueError):
        return None
    return _rates(found.model_price)


def _rates(price: ModelPrice) -> dict[str, Any] | None:
    rates = {
        "input": _rate(price.input_mtok),
        "output": _rate(price.output_mtok),
        "cached": _rate(price.cache_read_mtok),
        "cache_write": _rate(price.cache_write_mtok),
    }
    return rates if rates["input"] is not None and rates["output"] is not None else None


def _rate(price: Any) -> Rate | None:
    if price is None:
        return None
    if isinstance(price, Decimal):
        return Rate(usd=price)
    return Rate(usd=price.base, tiers=tuple(RateTier(over=tier.start, usd=tier.price) for tier in price.tiers))
