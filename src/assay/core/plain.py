"""Plain numbers: one way to write a measured value in a sentence, whatever its size."""

from __future__ import annotations


def plain(value: float, count: int = 5, sign: str = "-") -> str:
    """Return `value` to `count` significant digits, large numbers in full: `40,936`, never `4.1e+04`.

    Args:
        value: The number.
        count: Significant digits, at least 1.
        sign: `-` writes a sign where it is negative, `+` always.
    """
    large = abs(value) >= min(10**count, 10_000)
    return f"{value:{sign},.0f}" if large else f"{value:{sign}.{count}g}"


def plain_with_error(value: float, error: float | None, count: int = 5, sign: str = "-") -> str:
    """Return `40,936 ± 550`: a value and its standard error, the latter to two digits; the value alone without one."""
    return plain(value, count, sign) + (f" ± {plain(error, 2)}" if error is not None else "")
