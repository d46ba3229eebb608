"""Difference: which lines of a script another one lacks, and what stands in their place."""

from __future__ import annotations

from difflib import SequenceMatcher

MOST_LINES = 20
"""Of each side; a longer one is cut in its middle."""
GAP = "..."
"""Stands where lines are left out between two changes, and where a long passage is cut."""


def difference(code: str, other: str) -> tuple[str, str]:
    """Return the lines of `code` that `other` changes, and what `other` has in their place, both as they stand.

    Lines between two changes are left out, and so is what differs only in the space at line ends.

    Args:
        code: A script.
        other: A changed copy of it.
    """
    first, second = ([line.rstrip() for line in text.split("\n")] for text in (code, other))
    removed: list[str] = []
    added: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        removed += [*([GAP] if removed and b > a else []), *first[a:b]]
        added += [*([GAP] if added and d > c else []), *second[c:d]]
    return _cut(removed), _cut(added)


def _cut(lines: list[str]) -> str:
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES * 2 // 3], GAP, *lines[-MOST_LINES // 3 :]]
    return "\n".join(lines).strip("\n")
