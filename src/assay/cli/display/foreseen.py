"""Foreseen: a forecast in words and for programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from assay.core.budget import Limits, Spent
from assay.core.codec import encode
from assay.core.prices import Prices, PriceSource
from assay.report.formatting import format_money

if TYPE_CHECKING:
    from assay.strategies.forecast import Forecast

_NOTHING = "costs nothing"
_SURE = {"probably": "will probably end", "perhaps": "may end"}


def forecast_words(foreseen: Forecast, limits: Limits, spent: Spent | None = None) -> str:
    """Return `110-180 questions, $3-7 (prices of genai-prices 0.2, read 12 Mar 2026)`, or what else can be said.

    Args:
        foreseen: What is to come.
        limits: The caps that it is held against, ...
        spent: ... of which so much is used already.
    """
    prices, questions, tokens = foreseen.prices, foreseen.questions, foreseen.tokens
    if prices is None:
        return _NOTHING
    if questions is None or tokens is None:
        bound = " but the caps" if limits.cost_usd is not None or limits.tokens is not None else ""
        return f"cannot be foreseen: nothing bounds the number of questions{bound}"
    if questions == (0, 0):
        return f"{_NOTHING}: nobody who is paid is asked"
    asked = _span(questions, "question")
    if foreseen.cost_usd is None:
        least = f"{asked}, {_tokens(tokens)} at a price that is not known"
        if limits.cost_usd is not None:
            return f"{least}: under --cost none is put; state it in ASSAY_PRICE"
        return f"{least}; state it in ASSAY_PRICE"
    return (
        f"{asked}, {_money(foreseen.cost_usd)} ({price_words(prices)}){_cap_words(foreseen, limits, spent or Spent())}"
    )


def price_words(prices: Prices) -> str:
    """Return `prices of genai-prices 0.2, read 12 Mar 2026`."""
    if prices.source is PriceSource.STATED:
        return f"prices stated in {prices.table}"
    read = date.fromisoformat(prices.read)
    return f"prices of {prices.table}, read {read.day} {read:%b %Y}"


def forecast_json(foreseen: Forecast, limits: Limits) -> dict[str, Any]:
    """Return a forecast for programs; null is unknown, and every range is the fewest and the most."""
    roles = foreseen.roles
    return {
        "questions": foreseen.questions,
        "tokens": foreseen.tokens,
        "cost_usd": _amounts(foreseen.cost_usd),
        "cap_ends_search": _cap_ends(foreseen, limits) or None,
        "prices": encode(foreseen.prices),
        "roles": None if roles is None else [encode(role) for role in roles],
    }


def _cap_words(foreseen: Forecast, limits: Limits, spent: Spent) -> str:
    left = replace(
        limits,
        cost_usd=None if limits.cost_usd is None else limits.cost_usd - spent.cost_usd,
        tokens=None if limits.tokens is None else limits.tokens - spent.tokens,
    )
    sure = _cap_ends(foreseen, left)
    if not sure:
        return ""
    cost = foreseen.cost_usd
    over = cost is not None and left.cost_usd is not None and cost[1] > left.cost_usd
    cap = format_money(limits.cost_usd) if over else f"{limits.tokens or 0:,} tokens"
    return f"; the cap of {cap} {_SURE[sure]} the search"


def _cap_ends(foreseen: Forecast, limits: Limits) -> str:
    """Return `probably` if more than half of the range passes a cap, `perhaps` if less, or nothing."""
    found = ""
    for span, cap in ((foreseen.cost_usd, limits.cost_usd), (foreseen.tokens, limits.tokens)):
        if span is not None and cap is not None and span[1] > cap:
            found = "probably" if span[0] + span[1] > 2 * cap else found or "perhaps"
    return found


def _span(ends: tuple[int, int], noun: str) -> str:
    low, high = ends
    return f"{low:,}{'' if low == high else f'-{high:,}'} {noun}{'' if high == 1 else 's'}"


def _tokens(ends: tuple[int, int]) -> str:
    unit, sign = (1_000_000, "M") if ends[1] >= 1_000_000 else (1_000, "k")
    low, high = (Decimal(end) / unit for end in ends)
    return f"{_rounded(low, ROUND_FLOOR)}-{_rounded(high, ROUND_CEILING)}{sign} tokens"


def _money(ends: tuple[Decimal, Decimal]) -> str:
    low, high = _rounded(ends[0], ROUND_FLOOR), _rounded(ends[1], ROUND_CEILING)
    return f"${low}" if low == high else f"${low}-{high}"


def _rounded(amount: Decimal, rounding: str) -> str:
    """Return two figures of an amount, the lower end rounded down and the higher one up: a range may not shrink."""
    if not amount:
        return "0"
    place = Decimal(1).scaleb(min(0, amount.adjusted() - 1)) if amount < 10 else Decimal(1)
    told = amount.quantize(place, rounding=rounding)
    return f"{told.normalize():f}" if told < 10 else f"{told:,}"


def _amounts(ends: tuple[Decimal, Decimal] | None) -> list[str] | None:
    return None if ends is None else [str(amount) for amount in ends]
