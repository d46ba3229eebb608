"""The difference of two notebooks, cell by cell, matched by id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assay.kinds.notebook.document import Cell, Notebook


class Change(StrEnum):
    """What became of a cell."""

    SAME = "same"
    EDITED = "edited"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """The same text at another place among the cells that both have."""


@dataclass(frozen=True, kw_only=True)
class CellChange:
    """One cell that is in either notebook."""

    id: str
    change: Change
    before: Cell | None
    after: Cell | None
    patch: str = ""
    """Unified diff of the sources; empty where the text is the same."""


def cell_changes(before: Notebook, after: Notebook, *, context: int = 3) -> tuple[CellChange, ...]:
    """Return every cell of both notebooks in the order of `after`, a removed one where it was.

    Args:
        before: The older one.
        after: The newer one.
        context: Lines shown around each change.
    """
    old, new = {c.id: c for c in before.cells}, {c.id: c for c in after.cells}
    stayed = _in_place([i for i in before.ids if i in new], [i for i in after.ids if i in old])
    found = []
    for cell_id in _merged(before.ids, after.ids):
        was, now = old.get(cell_id), new.get(cell_id)
        kind = _kind(was, now, moved=cell_id not in stayed)
        lines = () if kind in (Change.SAME, Change.MOVED) else _patch(was, now, cell_id, context)
        found.append(CellChange(id=cell_id, change=kind, before=was, after=now, patch="".join(lines)))
    return tuple(found)


def diff_text(before: Notebook, after: Notebook, *, context: int = 3) -> str:
    """Return the changed cells as one text: a line that names each, then its unified diff; empty if all are the same.

    Args:
        before: The older one.
        after: The newer one.
        context: Lines shown around each change.
    """
    parts = []
    for change in cell_changes(before, after, context=context):
        if change.change is not Change.SAME:
            parts.append(f"cell {change.id}: {change.change}\n{change.patch}")
    return "\n".join(parts)


def _kind(was: Cell | None, now: Cell | None, *, moved: bool) -> Change:
    if was is None or now is None:
        return Change.ADDED if was is None else Change.REMOVED
    if (was.source, was.type, dict(was.metadata)) != (now.source, now.type, dict(now.metadata)):
        return Change.EDITED
    return Change.MOVED if moved else Change.SAME


def _patch(was: Cell | None, now: Cell | None, cell_id: str, context: int) -> list[str]:
    old, new = (_lines(was), _lines(now))
    return list(difflib.unified_diff(old, new, f"before/{cell_id}", f"after/{cell_id}", n=context))


def _lines(cell: Cell | None) -> list[str]:
    return [] if cell is None else [f"{line}\n" for line in cell.source.splitlines()]


def _in_place(old: Sequence[str], new: Sequence[str]) -> set[str]:
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {old[block.a + i] for block in blocks for i in range(block.size)}


def _merged(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return all ids: those of `new` in order, each removed one behind what stood before it."""
    merged = list(dict.fromkeys(new))
    last = -1
    for cell_id in dict.fromkeys(old):
        if cell_id in merged:
            last = merged.index(cell_id)
        else:
            last += 1
            merged.insert(last, cell_id)
    return merged
