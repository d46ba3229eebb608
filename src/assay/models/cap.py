"""A cap on tokens and money that holds: a call that could pass it is not sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from assay.core.budget import Spent
from assay.core.errors import BudgetSpent, ModelError
from assay.core.usage import Usage
from assay.models.completion import Around, Completer, Completion, Prompt
from assay.models.searching import SEARCH_TOKENS

CHARACTERS_PER_TOKEN = 3.0
"""On the safe side: English has about four, code and numbers about three."""


@dataclass(frozen=True, kw_only=True)
class _Hold:
    """What calls in flight may take at most."""

    tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: _Hold) -> _Hold:
        return _Hold(tokens=self.tokens + other.tokens, cost_usd=self.cost_usd + other.cost_usd)

    def __sub__(self, other: _Hold) -> _Hold:
        return _Hold(tokens=self.tokens - other.tokens, cost_usd=self.cost_usd - other.cost_usd)


class Cap:
    """A layer that counts every call of every completer it wraps and refuses what could pass the cap.

    Calls in flight count with the most they can take: their prompt, what a search may find, and a full-length reply.

    Args:
        tokens: Most input and output tokens; None for no bound.
        cost_usd: Most US dollars; None for no bound. With a bound, a model without a known price is refused.
        spent: What an earlier process of the same run has used.
    """

    def __init__(
        self,
        *,
        tokens: int | None = None,
        cost_usd: Decimal | None = None,
        spent: Spent | None = None,
    ) -> None:
        self._tokens = tokens
        self._cost_usd = cost_usd
        self._spent = spent or Spent()
        self._held = _Hold()
        self._lock = threading.Lock()

    def __call__(self, completer: Completer) -> Completer:
        """Return `completer` under this cap."""
        return _CappedCompleter(self, completer)

    @property
    def spent(self) -> Spent:
        """What was used so far; calls in flight are not in it."""
        return self._spent

    @contextmanager
    def call(self, prompt: Prompt, completer: Completer) -> Iterator[Callable[[Usage], None]]:
        """Hold the most that `prompt` can take while it is in flight; the body says what it took.

        Raises:
            BudgetSpent: It could pass the cap.
        """
        tokens_in = int(prompt.characters / CHARACTERS_PER_TOKEN) + 1 + (SEARCH_TOKENS if prompt.search else 0)
        price = completer.price(tokens_in, prompt.max_output_tokens)
        hold = _Hold(tokens=tokens_in + prompt.max_output_tokens, cost_usd=price or Decimal(0))
        self._take(hold, price, completer.name)
        used: list[Usage] = []
        try:
            yield used.append
        finally:
            self._settle(hold, sum(used, Usage()))

    def _take(self, hold: _Hold, price: Decimal | None, name: str) -> None:
        with self._lock:
            if self._cost_usd is not None and price is None:
                raise BudgetSpent(
                    f"the price of {name} is not known, so a cap of ${self._cost_usd} cannot hold; "
                    "cap tokens instead, or state the price in ASSAY_PRICE"
                )
            after = self._held + hold
            tokens, cost = self._spent.tokens + after.tokens, self._spent.cost_usd + after.cost_usd
            if self._tokens is not None and tokens > self._tokens:
                raise BudgetSpent(
                    f"{self._spent.tokens:,} of {self._tokens:,} tokens are used and the next request to {name} "
                    f"may take {hold.tokens:,}",
                    cap="tokens",
                )
            if self._cost_usd is not None and cost > self._cost_usd:
                raise BudgetSpent(
                    f"${self._spent.cost_usd:.4f} of ${self._cost_usd} are used and the next request to {name} "
                    f"may take ${hold.cost_usd:.4f}"
                )
            self._held = after

    def _settle(self, hold: _Hold, used: Usage) -> None:
        with self._lock:
            self._held -= hold
            # A reply without a price counts as the most it can have been.
            cost = (hold.cost_usd if used.requests else Decimal(0)) if used.cost_usd is None else used.cost_usd
            self._spent = replace(
                self._spent,
                tokens=self._spent.tokens + used.tokens,
                cost_usd=self._spent.cost_usd + cost,
                unpriced_requests=self._spent.unpriced_requests + used.unpriced,
            )


class _CappedCompleter(Around):
    def __init__(self, cap: Cap, completer: Completer) -> None:
        self._cap = cap
        super().__init__(completer)

    def complete(self, prompt: Prompt) -> Completion:
        with self._cap.call(prompt, self._completer) as used:
            try:
                completion = self._completer.complete(prompt)
            except ModelError as error:
                used(error.usage)
                raise
            used(completion.usage)
            return completion
