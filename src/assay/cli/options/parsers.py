"""Parsers: the forms that typed values have. Each raises `ValueError` with what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kKmM]?)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def seconds_until(text: str, now: float) -> float:
    """Return the seconds from `now` to the next local `HH:MM`."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if match is None:
        raise ValueError("is no time of day such as 07:00")
    local = datetime.fromtimestamp(now, UTC).astimezone()
    at = datetime(local.year, local.month, local.day, int(match[1]), int(match[2])).astimezone()
    if at.timestamp() <= now:
        later = (local + timedelta(days=1)).date()
        at = datetime(later.year, later.month, later.day, int(match[1]), int(match[2])).astimezone()
    return at.timestamp() - now


def setting(text: str) -> tuple[str, str]:
    """Return name and value of `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise ValueError("is no setting such as paths=3")
    return name.strip().replace("-", "_"), value.strip()


def variant(text: str) -> tuple[str, str]:
    """Return role and variant of `ROLE=VARIANT`."""
    role, equals, name = text.partition("=")
    if not (equals and role.strip() and name.strip()):
        raise ValueError("is no choice of a prompt such as draft=bold")
    return role.strip(), name.strip()


def money(text: str) -> Decimal:
    """Return an amount in US dollars above 0."""
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        raise ValueError("is no amount of US dollars such as 8 or 0.50") from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be more than 0")
    return amount


def count(text: str) -> int:
    """Return a count of at least 1, written as `2000000`, `500k` or `2M`."""
    match = _COUNT.fullmatch(text.replace(",", "").replace("_", ""))
    if match is None:
        raise ValueError("is no count such as 200000, 500k or 2M")
    result = int(float(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[match[2].lower()])
    if result < 1:
        raise ValueError("must be at least 1")
    return result


def whole(text: str) -> int:
    """Return a whole number of at least 1."""
    return natural(text, least=1)


def natural(text: str, *, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    try:
        result = int(text)
    except ValueError:
        raise ValueError("is no whole number") from None
    if result < least:
        raise ValueError(f"must be at least {least}")
    return result


def number(text: str) -> float:
    """Return a finite number."""
    try:
        result = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if not math.isfinite(result):
        raise ValueError("must be a finite number")
    return result


def metric_and_direction(text: str) -> tuple[str | None, str | None]:
    """Return name and direction of `rmse` or `rmse:min`."""
    name, colon, better = text.partition(":")
    if not name:
        raise ValueError("has no name")
    if colon and better not in ("min", "max"):
        raise ValueError(f"after the colon stands min or max, not {better!r}")
    return name, better or None


def run_name(text: str) -> str:
    """Return a name that is safe as a folder's."""
    if not _NAME.fullmatch(text):
        raise ValueError("may hold letters, digits, '_' and '-', at most 64, and opens with a letter or digit")
    return text


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """Return a parser that takes these words only."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}")
        return text

    return parse
