"""Told: numbers for a page, each as it is and in the words that reports and screens use; a page rounds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from assay.core.clock import iso_utc
from assay.core.usage import Usage
from assay.report.formatting import (
    format_bytes,
    format_count,
    format_duration,
    format_gain,
    format_money,
    format_percent,
    format_score,
)

Told = dict[str, Any]
"""`value` for drawing and sorting, `text` for reading."""


def score(value: float | None, std_error: float | None = None, others: Sequence[float | None] = ()) -> Told:
    """Return a score with as many digits as mean something beside `others`."""
    return {"value": value, "text": format_score(value, std_error, others)}


def gain(value: float | None, std_error: float | None = None) -> Told:
    """Return an improvement with its sign; positive is better."""
    return {"value": value, "text": format_gain(value, std_error)}


def seconds(value: float | None) -> Told:
    """Return a duration."""
    return {"value": value, "text": format_duration(value)}


def size(value: float | None) -> Told:
    """Return a number of bytes."""
    return {"value": value, "text": format_bytes(value)}


def share(value: float | None) -> Told:
    """Return a share as a percentage without decimals."""
    return {"value": value, "text": format_percent(value, decimals=0)}


def count(value: int, noun: str = "", plural: str = "") -> Told:
    """Return a count, with its noun where one is given."""
    return {"value": value, "text": format_count(value, noun, plural) if noun else f"{value:,}"}


def money(amount: Decimal | None, unpriced: int = 0) -> Told:
    """Return an amount of money; requests of unknown price make it a lower bound."""
    return {"value": None if amount is None else float(amount), "text": format_money(amount, unpriced)}


def cost(usage: Usage) -> Told:
    """Return what answers cost; `none` where nobody was paid."""
    return money(usage.cost_usd, usage.unpriced) if usage.requests else {"value": None, "text": "none"}


def moment(at: float) -> Told:
    """Return a time of the calendar, in UTC; nothing for one that is not known."""
    return {"value": at or None, "text": iso_utc(at).replace("T", " ").removesuffix("Z") if at else ""}
