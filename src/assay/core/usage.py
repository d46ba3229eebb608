"""Usage: tokens and money of model requests; unknown is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one answer took, retries and re-asks included."""

    requests: int = 0
    """Calls of the provider."""
    input_tokens: int = 0
    """Of the prompts, those from the cache included."""
    cached_tokens: int = 0
    """Part of `input_tokens` that the provider had cached."""
    output_tokens: int = 0
    """Of the replies, thinking included."""
    reasoning_tokens: int = 0
    """Part of `output_tokens` that was spent on thinking."""
    cost_usd: Decimal | None = None
    """What the requests of known price cost; None when there is none of them."""
    unpriced_requests: int = 0
    """Requests of unknown price beside those in `cost_usd`; left at 0 where `cost_usd` is None: then it is all."""

    @property
    def unpriced(self) -> int:
        """Number of requests whose price is unknown: unless it is 0, `cost_usd` is a lower bound."""
        return self.requests if self.cost_usd is None else self.unpriced_requests

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        costs = [u.cost_usd for u in (self, other) if u.requests and u.cost_usd is not None]
        return Usage(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_usd=sum(costs, Decimal(0)) if costs else None,
            unpriced_requests=self.unpriced + other.unpriced if costs else 0,
        )
