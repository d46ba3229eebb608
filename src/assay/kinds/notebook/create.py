"""Create: new cells, and candidates made of a notebook and its locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.core.candidate import Candidate
from assay.core.errors import TaskError
from assay.kinds.notebook.document import ID, Cell, Notebook, write
from assay.kinds.notebook.locks import LOCKS_FILE, Locks

ENTRY = "solution.ipynb"


def new_cell(
    cell_id: str,
    source: str,
    *,
    type: str = "code",
    name: str = "",
    purpose: str = "",
    subtask: str = "",
    section: str = "",
    tags: Sequence[str] = (),
) -> Cell:
    """Return a cell with the metadata that `describe` reads.

    Args:
        cell_id: 1 to 64 letters, digits, `-` and `_`.
        source: Its text.
        type: `code` or `markdown`.
        name: A few words.
        purpose: A sentence.
        subtask: Such as `T2`; the cell's id if empty.
        section: For notebooks without headings.
        tags: `locked` locks the cell.

    Raises:
        TaskError: The id cannot be one (E138).
    """
    if not ID.fullmatch(cell_id):
        raise TaskError("E138", f"{cell_id!r} cannot be the id of a cell", fix="use letters, digits, - and _")
    metadata: dict[str, Any] = {}
    if name or purpose or subtask:
        metadata["subtask"] = {"id": subtask or cell_id, "name": name or cell_id, "purpose": purpose}
    if section:
        metadata["section"] = section
    if tags:
        metadata["tags"] = list(tags)
    return Cell(id=cell_id, type=type, source=source, metadata=metadata)


def new_notebook_candidate(
    notebook: Notebook,
    locks: Locks | None = None,
    *,
    title: str = "",
    plan: str = "",
    operator: str = "",
    parents: tuple[int, ...] = (),
    entry: str = ENTRY,
    files: Mapping[str, str] | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> Candidate:
    """Return a candidate that runs `notebook` under `locks`; later edits carry the locks on.

    Args:
        notebook: What is run; results in it are dropped.
        locks: From `make_locks` of a trusted notebook; None locks nothing.
        title: As of `Candidate`.
        plan: As of `Candidate`.
        operator: As of `Candidate`.
        parents: As of `Candidate`.
        entry: `solution.ipynb` or a `.py` for the percent format.
        files: Helper files beside it.
        recipe: As of `Candidate`.

    Raises:
        IntegrityError: The notebook breaks the locks (E404).
    """
    own = dict(files or {})
    if locks is not None:
        locks.require(notebook)
        own[LOCKS_FILE] = locks.dumps()
    return Candidate(
        kind="notebook",
        files={**own, entry: write(notebook.stripped(), entry)},
        entry=entry,
        title=title,
        plan=plan,
        operator=operator,
        parents=parents,
        recipe=dict(recipe or {}),
    )
