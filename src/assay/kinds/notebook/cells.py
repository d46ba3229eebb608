"""What a cell is for: its name, purpose and section, from metadata, its title, and the headings above it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.kinds.notebook.document import Cell, Notebook

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)
_MOST = 80
_MOST_PURPOSE = 300


@dataclass(frozen=True, kw_only=True)
class CellInfo:
    """What is known of a cell besides its text."""

    id: str
    index: int
    """Place in the notebook, from 0, counting every cell."""
    type: str
    name: str
    """A few words: the metadata's name, the title after `# %%`, the first comment; the id when there is nothing."""
    purpose: str
    section: str
    """The metadata's section, or the nearest heading above; empty before the first heading."""
    headings: tuple[str, ...]
    """All headings that it stands under, outermost first."""
    subtask: str
    """`metadata.subtask.id`, such as `T2`; empty without one."""
    tags: tuple[str, ...]


def describe(notebook: Notebook) -> tuple[CellInfo, ...]:
    """Return what is known of every cell, in order."""
    stack: list[tuple[int, str]] = []
    found = []
    for index, cell in enumerate(notebook.cells):
        for marks, title in _HEADING.findall(cell.source) if cell.type == "markdown" else ():
            stack = [(level, text) for level, text in stack if level < len(marks)] + [(len(marks), title)]
        found.append(_info(cell, index, tuple(title for _, title in stack)))
    return tuple(found)


def label(info: CellInfo) -> str:
    """Return how a cell is named to people: its number from 1, its name, and its id where that says more."""
    shown = f"cell {info.index + 1} ({info.name})" if info.name != info.id else f"cell {info.index + 1}"
    return f"{shown} [{info.id}]"


def _info(cell: Cell, index: int, headings: tuple[str, ...]) -> CellInfo:
    subtask, own = _table(cell, "subtask"), _table(cell, "assay")
    section = _text(own.get("section")) or _text(cell.metadata.get("section"))
    name = _text(subtask.get("name")) or _text(own.get("name")) or _text(cell.metadata.get("title"))
    return CellInfo(
        id=cell.id,
        index=index,
        type=cell.type,
        name=name or _first_comment(cell) or cell.id,
        purpose=_text(subtask.get("purpose"), _MOST_PURPOSE) or _text(own.get("purpose"), _MOST_PURPOSE),
        section=section or (headings[-1] if headings else ""),
        headings=headings,
        subtask=_text(subtask.get("id")),
        tags=cell.tags,
    )


def _table(cell: Cell, key: str) -> Mapping[str, Any]:
    value = cell.metadata.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any, most: int = _MOST) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _first_comment(cell: Cell) -> str:
    if not cell.is_code:
        heading = _HEADING.search(cell.source)
        return _text(heading[2]) if heading else ""
    first = cell.source.lstrip().partition("\n")[0]
    return _text(first.lstrip("#").strip()) if first.startswith("#") else ""
