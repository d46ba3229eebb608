"""The table `[notebook]` of a task file: which notebook, which of its cells are locked, which are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.core.errors import TaskError
from assay.kinds.notebook.document import Notebook
from assay.kinds.notebook.locks import Decision, LockPolicy

TABLE = "notebook"


def policy_of(table: Mapping[str, Any], notebook: Notebook) -> LockPolicy:
    """Return the policy that a confirmed table stands for; a cell that it lists as both is locked.

    Args:
        table: The table `[notebook]`, checked for its types.
        notebook: The notebook that it is about.

    Raises:
        TaskError: It lists cells that are not there, or leaves out code cells (E140).
    """
    locked, free = _texts(table, "locked"), _texts(table, "open")
    unknown = [name for name in (*locked, *free) if name not in notebook.ids]
    unlisted = [cell.id for cell in notebook.code_cells if cell.id not in (*locked, *free)]
    if unknown or (unlisted and (locked or free)):
        wrong = f"it has no cell {unknown[0]!r}" if unknown else f"the table leaves out the cell {unlisted[0]!r}"
        raise TaskError(
            "E140",
            f"[notebook] does not fit {table.get('file', 'the notebook')}: {wrong}",
            fix="assay init NOTEBOOK --force",
        )
    return LockPolicy(cells=locked, sections=_texts(table, "sections"), open=free)


def table_text(file: str, decisions: Sequence[Decision]) -> str:
    """Return the table as TOML, each cell on a line of its own with its name and why it is there.

    Args:
        file: The notebook, relative to the task file's data folder.
        decisions: Of its code cells, in order.
    """
    import tomlkit

    table = tomlkit.table()
    table.comment("which cells may be changed; correct what is guessed")
    table.add("file", file)
    for key, locked in (("locked", True), ("open", False)):
        array = tomlkit.array()
        for decision in decisions:
            if decision.locked is locked:
                said = f"{decision.info.index + 1}. {decision.info.name}: {decision.reason}"
                array.add_line(decision.info.id, comment="".join(c if c.isprintable() else " " for c in said))
        array.add_line(indent="") if len(array) else None
        table.add(key, array)
    document = tomlkit.document()
    document.add(TABLE, table)
    return tomlkit.dumps(document)


def _texts(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, ())
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)
