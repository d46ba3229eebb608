"""What requests cost, from the price table that ships with genai-prices. Nothing is looked up over the network."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from assay.core.errors import UsageError

PRICE_VARIABLE = "ASSAY_PRICE"
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True)
class Price:
    """A price that the user states, for models that no table knows."""

    input_usd: Decimal
    """US dollars per million input tokens."""
    output_usd: Decimal
    """US dollars per million output tokens."""

    @classmethod
    def parse(cls, text: str) -> Price:
        """Read `IN,OUT` in US dollars per million tokens.

        Raises:
            UsageError: It is not two numbers of at least 0.
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
        return cls(input_usd=first, output_usd=second)

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Return the cost in US dollars; cached tokens count in full."""
        return (self.input_usd * input_tokens + self.output_usd * output_tokens) / _MILLION


def listed_price(
    model: str,
    *,
    provider: str | None = None,
    base_url: str | None = None,
    input_tokens: int,
    output_tokens: int,
    cached_tokens: int = 0,
    cache_write_tokens: int = 0,
) -> Decimal | None:
    """Return what a request costs in US dollars by the table, or None when the table does not know the model.

    Args:
        model: The provider's name of the model.
        provider: Whose prices apply; not consulted when `base_url` is given, since a gateway has its own.
        base_url: The address requests go to, where it is not the provider's own.
        input_tokens: All input tokens, cached ones included.
        output_tokens: All output tokens, thoughts included.
        cached_tokens: Part of the input that was read from the provider's cache.
        cache_write_tokens: Part of the input that was written to the provider's cache.
    """
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=cached_tokens,
        cache_write_tokens=cache_write_tokens,
    )
    try:
        if base_url is not None:
            return calc_price(usage, model, provider_api_url=base_url).total_price
        return calc_price(usage, model, provider_id=provider).total_price
    except (LookupError, ValueError):
        return None
