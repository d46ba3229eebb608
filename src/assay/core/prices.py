"""Prices: what tokens of one model cost, frozen when a run starts. Unknown is unknown, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_MILLION = Decimal(1_000_000)


class PriceSource(StrEnum):
    """Who says what a model costs."""

    TABLE = "table"
    """A price table on this machine."""
    STATED = "stated"
    """The user."""
    UNKNOWN = "unknown"
    """Nobody: requests are counted, their cost is not known."""


@dataclass(frozen=True, kw_only=True)
class RateTier:
    """What a token costs in a request whose input is longer than `over` tokens."""

    over: int
    """Tokens of input."""
    usd: Decimal
    """US dollars per million tokens."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """US dollars per million tokens of one kind."""

    usd: Decimal
    """Per million tokens, where no tier says otherwise."""
    tiers: tuple[RateTier, ...] = ()
    """Other rates for requests with a long input, by length; the rate then holds for all tokens of the request."""

    def of(self, tokens: int, input_tokens: int) -> Decimal:
        """Return what `tokens` cost in a request with `input_tokens` of input."""
        usd = next((tier.usd for tier in reversed(self.tiers) if input_tokens > tier.over), self.usd)
        return usd * tokens / _MILLION


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What one model's tokens cost, who says so, and when it was read."""

    source: PriceSource = PriceSource.UNKNOWN
    input: Rate | None = None
    """What is sent; None where it is unknown."""
    output: Rate | None = None
    """Thoughts included."""
    cached: Rate | None = None
    """Input read from the provider's cache; None where it costs what other input costs."""
    cache_write: Rate | None = None
    """Input written to the provider's cache; None where it costs what other input costs."""
    table: str = ""
    """The table with its release, or the variable in which the user stated them; empty where they are unknown."""
    read: str = ""
    """Day on which they were read, `2026-03-12`, UTC."""

    @property
    def known(self) -> bool:
        """Whether a request can be priced."""
        return self.input is not None and self.output is not None

    def of(
        self, input_tokens: int, output_tokens: int, *, cached_tokens: int = 0, cache_write_tokens: int = 0
    ) -> Decimal | None:
        """Return what a request costs in US dollars; None where the prices are unknown.

        Args:
            input_tokens: All input tokens, cached ones included.
            output_tokens: All output tokens, thoughts included.
            cached_tokens: Part of the input that was read from the provider's cache.
            cache_write_tokens: Part of the input that was written to the provider's cache.
        """
        if self.input is None or self.output is None:
            return None
        plain = max(0, input_tokens - cached_tokens - cache_write_tokens)
        parts = (
            (self.input, plain),
            (self.cached or self.input, cached_tokens),
            (self.cache_write or self.input, cache_write_tokens),
            (self.output, output_tokens),
        )
        return sum((rate.of(tokens, input_tokens) for rate, tokens in parts), Decimal(0))

    def words(self) -> str:
        """Return `$1.25 per million tokens in, $10 out`, or `unknown`."""
        if self.input is None or self.output is None:
            return "unknown"
        return f"${self.input.usd} per million tokens in, ${self.output.usd} out"

    def equals(self, other: Prices) -> bool:
        """Return whether every request costs the same by both, whoever says so."""
        mine = (self.input, self.output, self.cached, self.cache_write)
        return mine == (other.input, other.output, other.cached, other.cache_write)
