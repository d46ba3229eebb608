"""Notebook: cells with ids and text, read from `.ipynb` or percent `.py` and written back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.errors import TaskError

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What the id of a cell may be."""
_TYPES = ("code", "markdown", "raw")
_RESULTS = ("outputs", "execution_count")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell. Everything that the file says of it and that has no field of its own is in `rest`."""

    id: str
    """Unique in its notebook: letters, digits, `-` and `_`, at most 64 of them."""
    type: str = "code"
    """`code`, `markdown` or `raw`."""
    source: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    """Outputs, execution count, attachments and whatever else the file holds; JSON values."""

    @property
    def is_code(self) -> bool:
        """Whether it is run."""
        return self.type == "code"

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, in order."""
        tags = self.metadata.get("tags", ())
        return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list | tuple) else ()


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """Cells in order, and the notebook's own metadata. Immutable: each edit returns another notebook."""

    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The cells that are run, in order."""
        return tuple(cell for cell in self.cells if cell.is_code)

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every cell, in order."""
        return tuple(cell.id for cell in self.cells)

    def cell(self, cell_id: str) -> Cell:
        """Return the cell of that id.

        Raises:
            KeyError: There is none.
        """
        return self.cells[self.position(cell_id)]

    def position(self, cell_id: str) -> int:
        """Return where the cell of that id stands, from 0.

        Raises:
            KeyError: There is none.
        """
        for index, cell in enumerate(self.cells):
            if cell.id == cell_id:
                return index
        raise KeyError(cell_id)

    def with_source(self, cell_id: str, source: str) -> Notebook:
        """Return the notebook with another text in one cell, whose old results are dropped.

        Raises:
            KeyError: There is no such cell.
        """
        index = self.position(cell_id)
        changed = replace(_without_results(self.cells[index]), source=source)
        return replace(self, cells=(*self.cells[:index], changed, *self.cells[index + 1 :]))

    def with_cells(self, cells: Iterable[Cell]) -> Notebook:
        """Return the notebook with other cells."""
        return replace(self, cells=tuple(cells))

    def stripped(self) -> Notebook:
        """Return the notebook without outputs and execution counts: what a candidate is made of."""
        return self.with_cells(_without_results(cell) for cell in self.cells)


def parse(text: str, name: str) -> Notebook:
    """Return the notebook that `text` holds.

    Args:
        text: Content of the file.
        name: Its name; ends in `.ipynb` or, for the percent format, in `.py`.

    Raises:
        TaskError: It is not a notebook (E138).
        MachineError: A percent script needs a package that is not installed (E560).
    """
    if name.endswith(".py"):
        from assay.kinds.notebook.percent import read_percent

        return _with_ids(read_percent(text, name))
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise not_a_notebook(name, f"it is not valid JSON ({error})") from error
    return _with_ids(from_dict(raw, name))


def write(notebook: Notebook, name: str) -> str:
    """Return the text of the file `name` that holds `notebook`; equal notebooks give equal texts.

    Raises:
        TaskError: The percent format cannot hold it without loss (E139).
        MachineError: A percent script needs a package that is not installed (E560).
    """
    if name.endswith(".py"):
        from assay.kinds.notebook.percent import write_percent

        return write_percent(notebook, name)
    return json.dumps(to_dict(notebook), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def notebook_of(candidate: Candidate) -> Notebook:
    """Return the notebook that a candidate runs.

    Raises:
        TaskError: Its entry is not one (E138).
    """
    return parse(candidate.source, candidate.entry)


def with_notebook(candidate: Candidate, notebook: Notebook) -> Candidate:
    """Return the candidate with another notebook in its entry, without results; all else stays."""
    text = write(notebook.stripped(), candidate.entry)
    return replace(candidate, files={**candidate.files, candidate.entry: text})


def from_dict(raw: Any, name: str) -> Notebook:
    """Return the notebook that a parsed `.ipynb` of format 4 holds; older formats are converted.

    Raises:
        TaskError: It is not a notebook (E138).
        MachineError: An older format needs a package that is not installed (E560).
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise not_a_notebook(name, "it has no `nbformat`")
    if raw["nbformat"] < 4:
        raw = _converted(raw, name)
    cells, metadata = raw.get("cells"), raw.get("metadata", {})
    if raw["nbformat"] != 4 or not isinstance(cells, list) or not isinstance(metadata, dict):
        raise not_a_notebook(name, "its format is not 4, or it has no list of cells")
    return Notebook(cells=tuple(_cell(cell, index, name) for index, cell in enumerate(cells)), metadata=metadata)


def to_dict(notebook: Notebook) -> dict[str, Any]:
    """Return the `.ipynb` content as JSON values, of format 4.5."""
    return {
        "cells": [_cell_dict(cell) for cell in notebook.cells],
        "metadata": dict(notebook.metadata),
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def require_python(notebook: Notebook, name: str) -> None:
    """Raise if the notebook says that it is written in another language than Python (E141)."""
    spec, info = (notebook.metadata.get(key) for key in ("kernelspec", "language_info"))
    said = [part.get(key) for part, key in ((spec, "language"), (info, "name")) if isinstance(part, dict)]
    other = next((one for one in said if isinstance(one, str) and one.lower() not in ("python", "ipython")), None)
    if other is not None:
        raise TaskError("E141", f"{name!r} is written in {other[:40]}; notebooks are run as Python")


def not_a_notebook(name: str, why: str) -> TaskError:
    """Return the error for a file that cannot be read as a notebook."""
    return TaskError("E138", f"{name!r} is not a notebook: {why}", fix="open it in Jupyter and save it again")


def _cell(raw: Any, index: int, name: str) -> Cell:
    kind = raw.get("cell_type") if isinstance(raw, dict) else None
    source = raw.get("source", "") if isinstance(raw, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    metadata = raw.get("metadata", {}) if isinstance(raw, dict) else None
    if kind not in _TYPES or not isinstance(source, str) or not isinstance(metadata, dict):
        raise not_a_notebook(name, f"cell {index + 1} has no known type, or its source is no text")
    own_id = raw.get("id")
    own = ("id", "cell_type", "source", "metadata")
    return Cell(
        id=own_id if isinstance(own_id, str) and ID.fullmatch(own_id) else "",
        type=kind,
        source=source,
        metadata=metadata,
        rest={key: value for key, value in raw.items() if key not in own},
    )


def _cell_dict(cell: Cell) -> dict[str, Any]:
    results: dict[str, Any] = {"outputs": [], "execution_count": None} if cell.is_code else {}
    return {
        **results,
        **cell.rest,
        "cell_type": cell.type,
        "id": cell.id,
        "metadata": dict(cell.metadata),
        "source": cell.source.splitlines(keepends=True),
    }


def _with_ids(notebook: Notebook) -> Notebook:
    """Give each cell without an id one that depends on its place and text alone, so that it is the same every time."""
    taken = {cell.id for cell in notebook.cells}
    cells = []
    for index, cell in enumerate(notebook.cells):
        cell_id = cell.id
        if not cell_id:
            cell_id = stem = f"cell-{index + 1:02d}-{digest_text(cell.source)[:6]}"
            while cell_id in taken:
                cell_id = f"{stem}-{len(taken)}"
            taken.add(cell_id)
        cells.append(replace(cell, id=cell_id))
    return notebook.with_cells(cells)


def _without_results(cell: Cell) -> Cell:
    rest = {key: value for key, value in cell.rest.items() if key not in _RESULTS}
    return replace(cell, rest=rest)


def _converted(raw: dict[str, Any], name: str) -> dict[str, Any]:
    from assay.kinds.notebook.extra import needed

    with needed():
        import nbformat
    try:
        converted = nbformat.convert(nbformat.from_dict(raw), 4)
    except Exception as error:  # whatever a broken old notebook makes the converter stumble over
        raise not_a_notebook(name, f"its format {raw['nbformat']} cannot be converted ({error})") from error
    plain: dict[str, Any] = json.loads(json.dumps(converted))
    for cell in plain.get("cells", []):
        cell.pop("id", None)  # made up by the converter, another one each time
    return plain
