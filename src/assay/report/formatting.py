"""Numbers, durations, money and sizes as people read them. Screens, tables and reports share these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from assay.core.digits import MOST_DECIMALS, SIGNIFICANT, magnitude
from assay.core.digits import error_decimals as error_decimals
from assay.core.digits import score_decimals as score_decimals

MISSING = "\N{EN DASH}"
"""What stands where there is no number. Never 0, never NaN."""

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_score(
    value: float | None,
    std_error: float | None = None,
    others: Sequence[float | None] = (),
    *,
    decimals: int | None = None,
) -> str:
    """Return a score with as many digits as mean something, for example `0.1317` or `52,340`.

    Args:
        value: The score; None, NaN and infinities give a dash.
        std_error: Its standard error: digits stop at the second digit of it.
        others: Scores it stands beside, best first: digits grow until it differs from them.
        decimals: Overrides both, for a column that was measured with `score_decimals`.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    places = score_decimals([value, *others], std_error) if decimals is None else decimals
    text = f"{value:,.{places}f}"
    return _minus(text[1:] if text.startswith("-") and not text.strip("-0.,") else text)


def format_spread(std_error: float | None, *, decimals: int) -> str:
    """Return `± 0.0041` with the decimals of the score it belongs to, or nothing when it is unknown."""
    if std_error is None or not math.isfinite(std_error):
        return ""
    return f"± {std_error:,.{decimals}f}"


def format_gain(
    gain: float | None,
    std_error: float | None = None,
    *,
    decimals: int | None = None,
) -> str:
    """Return an improvement with its sign: `+0.0085 ± 0.0012`; a loss has a minus whatever the metric's direction.

    Args:
        gain: `Metric.gain(new, old)`: positive is better. None gives a dash.
        std_error: Standard error of the gain.
        decimals: None chooses two significant digits, at least as many as the standard error shows.
    """
    if gain is None or not math.isfinite(gain):
        return MISSING
    places = _gain_decimals(gain, std_error) if decimals is None else decimals
    text = f"{gain:+,.{places}f}"
    if not text.strip("+-0.,"):
        text = text[1:]
    spread = format_spread(std_error, decimals=places)
    joined = f"{text} {spread}".rstrip()
    return _minus(joined)


def format_percent(share: float | None, *, decimals: int = 1) -> str:
    """Return a share as a percentage: 0.073 gives `7.3 %`."""
    if share is None or not math.isfinite(share):
        return MISSING
    return _minus(f"{share * 100:.{decimals}f}\N{NO-BREAK SPACE}%")


def format_duration(seconds: float | None) -> str:
    """Return `140ms`, `12s`, `1m40s`, `9h05m` or `2d03h`; a dash for None."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return MISSING
    if seconds < 0.9995:
        return f"{round(seconds * 1000)}ms" if seconds else "0s"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def format_money(amount: Decimal | None, unpriced: int = 0) -> str:
    """Return `$0.19`; `≥ $0.19` when requests of unknown price come on top; a dash when nothing is known.

    Args:
        amount: Known cost in US dollars; None when no request has a known price.
        unpriced: Number of requests whose price is unknown.
    """
    if amount is None:
        return MISSING if not unpriced else "unknown"
    if unpriced and not amount:
        return "unknown"
    return ("≥ " if unpriced else "") + _dollars(amount)


def format_bytes(count: float | None) -> str:
    """Return `812 B`, `3.4 MB`, `11 GB` in powers of 1000; a dash for None."""
    if count is None or not math.isfinite(count):
        return MISSING
    amount, unit = float(count), 0
    while round(amount) >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    text = f"{amount:.1f}" if unit and amount < 9.95 else f"{amount:.0f}"
    return f"{text} {_UNITS[unit]}"


def format_count(count: int, noun: str, plural: str = "") -> str:
    """Return `1 trial`, `2 trials`, `1,200 trials`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def _dollars(amount: Decimal) -> str:
    if not amount:
        return "$0"
    if amount < Decimal("0.0001"):
        return "< $0.0001"
    if amount < Decimal("0.01"):
        return f"${amount.quantize(Decimal('0.0001'), ROUND_HALF_UP)}"
    return f"${amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def _gain_decimals(gain: float, std_error: float | None) -> int:
    base = std_error if std_error is not None and math.isfinite(std_error) and std_error > 0 else abs(gain)
    return SIGNIFICANT if base == 0 else max(0, min(MOST_DECIMALS, 1 - magnitude(base)))


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
