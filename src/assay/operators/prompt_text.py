"""Text of prompts: numbers, times and passages as a reader of a prompt wants them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from assay.core.plain import plain

_TICKS = re.compile("`{3,}")


def number(value: float) -> str:
    """Return `value` to four significant digits."""
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def thousands(value: int) -> str:
    """Return a count with separators."""
    return f"{value:,}"


def percent(value: float) -> str:
    """Return a share in [0, 1] as a percentage."""
    if 0 < value < 0.01:
        return "<1 %"
    return f"{100 * value:.0f} %"


def seconds(value: float) -> str:
    """Return a duration in the unit that fits."""
    if value < 1:
        return "under 1 s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7_200 else f"{value / 3_600:.1f} h"


def clip(text: str, size: int) -> str:
    """Return at most `size` characters of `text`, from its beginning."""
    text = str(text)
    return text if len(text) <= size else text[: size - 4] + " ..."


def tail(text: str, size: int) -> str:
    """Return at most `size` characters of `text`, from its end, where tracebacks say what happened."""
    return text if len(text) <= size else "... " + text[-(size - 4) :]


def cell(text: str, size: int = 100) -> str:
    """Return `text` fit for a cell of a table: one line, without bars, clipped."""
    return clip(" ".join(str(text).replace("|", "/").split()), size)


def fenced(text: str, language: str = "python") -> str:
    """Return `text` as a fenced block that no backticks inside of it can end; its lines stay as they are."""
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def most(items: Sequence[Any], count: int) -> Sequence[Any]:
    """Return the first `count` items."""
    return items[:count]


def names(value: str | Sequence[str] | None) -> str:
    """Return column names in backticks."""
    if value is None:
        return ""
    return ", ".join(f"`{name}`" for name in ([value] if isinstance(value, str) else value))


def pairs(params: Sequence[tuple[str, Any]]) -> str:
    """Return fixed arguments as `name=value`."""
    return ", ".join(f"{name}={value}" for name, value in params)


def two(value: float) -> str:
    """Return an error, or what chance amounts to, to two significant digits."""
    return plain(value, 2)


def three(value: float, sign: str = "-") -> str:
    """Return `value` to three significant digits, large numbers in full."""
    return plain(value, 3, sign)
