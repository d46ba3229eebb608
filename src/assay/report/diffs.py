"""Differences between candidates, as unified patches."""

from __future__ import annotations

import difflib

from assay.core.candidate import Candidate
from assay.report.prose import clean

MOST_CHARACTERS = 200_000
NOTEBOOK = "notebook"
"""The kind whose candidates are compared by cell."""


def patch(old: Candidate, new: Candidate, *, old_name: str, new_name: str) -> str:
    """Return a unified diff over all files of two candidates, of notebooks by cell; empty when they are equal.

    Args:
        old: What `new` was made from.
        new: The candidate.
        old_name: Name of `old` for the head of each file, for example `trial-3`.
        new_name: Name of `new`.
    """
    if old.kind == new.kind == NOTEBOOK:
        return _cells(old, new)
    pieces: list[str] = []
    for name in sorted({*old.files, *new.files}):
        before, after = _lines(old.files.get(name, "")), _lines(new.files.get(name, ""))
        shown = clean(name, 200).replace("\n", " ")
        lines = difflib.unified_diff(before, after, f"{old_name}/{shown}", f"{new_name}/{shown}", lineterm="")
        pieces += [*lines]
    text = "\n".join(pieces)
    return clean(text, MOST_CHARACTERS) + "\n" if text else ""


def _cells(old: Candidate, new: Candidate) -> str:
    """Return the difference of two notebooks cell by cell: that of their files would be one of JSON."""
    from assay.kinds.notebook import diff_text, notebook_of

    return clean(diff_text(notebook_of(old), notebook_of(new)), MOST_CHARACTERS)


def _lines(text: str) -> list[str]:
    return text.splitlines()
