"""Watching an experiment: for how long a cycle stays with it, and what in its output ends it."""

from __future__ import annotations

from collections.abc import Sequence

LEAST_WINDOW_S, USUAL_WINDOW_S, MOST_WINDOW_S = 15, 300, 1_800
LOOKED_AT = 12_000
"""Characters at the end of the output in which a pattern is looked for."""


def window_s(asked: float | None, *, usual: int = USUAL_WINDOW_S, most: int = MOST_WINDOW_S) -> int:
    """Return how long a cycle watches an experiment, which goes on after that.

    Args:
        asked: Seconds that a decision asked for; None for the usual.
        usual: Seconds where nothing was asked for.
        most: Most seconds; under 15 it counts as 15.
    """
    return int(min(max(LEAST_WINDOW_S, most), max(LEAST_WINDOW_S, usual if asked is None else asked)))


def stop_pattern(output: str, patterns: Sequence[str]) -> str:
    """Return the first pattern that stands in the end of the output, whatever its case; empty for none.

    Patterns are plain texts: a regular expression of a model's could take forever.
    """
    end = output[-LOOKED_AT:].casefold()
    return next((pattern for pattern in patterns if pattern.strip() and pattern.casefold() in end), "")
