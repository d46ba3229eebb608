"""Digits: with how many decimals a score is written wherever a person or a model reads it."""

from __future__ import annotations

import math
from collections.abc import Sequence

SIGNIFICANT = 3
MOST_DECIMALS = 10


def score_decimals(values: Sequence[float | None], std_error: float | None = None) -> int:
    """Return with how many decimals a column of scores is written, so that it shows neither too little nor noise.

    Starts from three significant digits of the largest value, grows until the first two values that differ at all
    look different, and stops at the second digit of the standard error.

    Args:
        values: Scores, best first; None, NaN and infinities are passed over.
        std_error: Standard error of the best; None sets no such bound.

    Returns:
        A count in 0 .. 10.
    """
    known = [v for v in values if v is not None and math.isfinite(v)]
    if not known:
        return SIGNIFICANT
    decimals = max(0, min(MOST_DECIMALS, SIGNIFICANT - 1 - magnitude(max(abs(v) for v in known))))
    first = known[0]
    rival = next((v for v in known[1:] if not math.isclose(v, first, rel_tol=1e-12, abs_tol=1e-15)), first)
    while rival != first and decimals < MOST_DECIMALS and f"{first:.{decimals}f}" == f"{rival:.{decimals}f}":
        decimals += 1
    if std_error is not None and math.isfinite(std_error) and std_error > 0:
        decimals = min(decimals, error_decimals(std_error))
    return decimals


def error_decimals(std_error: float) -> int:
    """Return with how many decimals the second digit of a standard error above 0 is reached: 4 for 0.0041."""
    return max(0, min(MOST_DECIMALS, 1 - magnitude(std_error)))


def magnitude(value: float) -> int:
    """Return the power of ten of the first digit of `value`; 0 for 0."""
    return math.floor(math.log10(abs(value))) if value else 0


def fixed(value: float, decimals: int, *, sign: bool = False) -> str:
    """Return a number with `decimals` decimals; one that rounds to nothing has no sign, and `sign` shows a plus."""
    text = f"{value:{'+' if sign else ''},.{decimals}f}"
    return text if text.strip("+-0.,") else text.lstrip("+-")
