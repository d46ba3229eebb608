"""Durations as people write them."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
_SECONDS = (86_400, 3600, 60, 1)


def duration(text: str) -> float:
    """Return the seconds of `90s`, `10m`, `1h30m`, `2d`.

    Raises:
        ValueError: `text` is anything else, or no time at all.
    """
    match = _DURATION.fullmatch(text.lower().replace(" ", ""))
    if match is None or not any(match.groups()):
        hint = f"; a unit is missing, as in {text}s or {text}m" if text.replace(".", "", 1).isdigit() else ""
        raise ValueError(f"is no length of time such as 90s, 10m or 1h30m{hint}")
    seconds = sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)
    if seconds <= 0:
        raise ValueError("must be more than nothing")
    return seconds
