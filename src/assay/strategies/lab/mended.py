"""Mended: the evidence of what a lab did by itself after a failure, as the journal keeps it and as roles are told."""

from __future__ import annotations

from typing import Any

from assay.journal.history import History

MENDED = "lab/repair"
"""Key, followed by the number of the failed experiment, under which its repair is noted: evidence, and made once."""


def notes_of(history: History) -> list[dict[str, Any]]:
    """Return the notes on repairs, in the order in which they were made."""
    return [note for key, note in history.notes.items() if key.startswith(f"{MENDED}/")]


def has_mended(history: History, step: int) -> bool:
    """Return whether the cycle of `step` has dealt with a failure by itself."""
    return any(note["step"] == step for note in notes_of(history))


def mends(history: History, step: int) -> int:
    """Return the number of the failed experiment that the cycle of `step` tries once more.

    Raises:
        StopIteration: That cycle repairs nothing.
    """
    return next(int(note["trial"]) for note in notes_of(history) if note["step"] == step)


def repair_lines(history: History) -> list[str]:
    """Return what was done, or refused, by itself, in a line each."""
    return [_line(note) for note in notes_of(history)]


def _line(note: dict[str, Any]) -> str:
    number = note["trial"]
    if "wanted" not in note:
        return (
            f"#{number}: {note['option']} {note['value']!r} is not supported; tried once more with {note['instead']!r}"
        )
    tries = "; ".join(f"{one['name']}: {one['said']}" for one in note["tries"])
    if note["command"]:
        return f"#{number}: {note['wanted']!r} was missing; {tries}; tried once more"
    return f"#{number}: {note['wanted']!r} is missing and stays so ({tries or 'no map names it'}); do without it"
