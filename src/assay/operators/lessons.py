"""Lessons: what went wrong in the same way for three scripts becomes a rule that every later question shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.trial import TrialState
from assay.journal.history import History, Trial

SEEN = 3
"""Scripts that must have met a failure before it is a rule."""
MOST = 6
_LONGEST = 300
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def lessons(history: History) -> tuple[str, ...]:
    """Return a rule for each failure that at least three scripts met, the most frequent first.

    Failures are the same if they were mended and have one signature, or if a trial ended with the same words up to
    numbers. A script that met one several times counts once.
    """
    met: dict[str, dict[int, str]] = {}
    for number, trial in sorted(history.trials.items()):
        for pattern, words in _failures(trial):
            met.setdefault(pattern, {})[number] = words
    often = sorted((found for found in met.values() if len(found) >= SEEN), key=lambda found: (-len(found), min(found)))
    return tuple(_told(found) for found in often[:MOST])


def _failures(trial: Trial) -> Iterator[tuple[str, str]]:
    for repair in trial.repairs:
        if repair.signature:
            yield repair.signature, repair.cause
    if trial.state in (TrialState.FAILED, TrialState.REJECTED) and trial.reason:
        yield _NUMBER.sub("#", trial.reason), trial.reason


def _told(found: dict[int, str]) -> str:
    numbers = ", ".join(f"#{number}" for number in sorted(found)[-SEEN:])
    words = " ".join(found[max(found)].split())[:_LONGEST].rstrip(". ")
    return f"{words} ({len(found)} scripts, the last {numbers})"
