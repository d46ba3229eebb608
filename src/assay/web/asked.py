"""Asked: what a browser asks for, read from the words of an address, which anybody may have written."""

from __future__ import annotations

_MOST_DIGITS = 9


def whole(text: str) -> int | None:
    """Return a whole number from 0 on, or None where `text` is none or longer than any count of a run."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
