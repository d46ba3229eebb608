"""The percent format: a notebook as a Python script whose cells begin with `# %%`, with ids and metadata kept.

Jupytext keeps sources but neither cell ids nor the line ends at the end of a cell; both are written as metadata of the
cell. Outputs have no place in a script and are dropped. What cannot be held (a line of code that itself looks like the
beginning of a cell, an attached picture) is refused rather than lost.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from assay.core.errors import TaskError
from assay.kinds.notebook.document import Cell, Notebook, from_dict, not_a_notebook, to_dict
from assay.kinds.notebook.extra import needed

_FORMAT = "py:percent"
_ENDS = "line_ends"
"""Cell metadata: how many line ends the cell's source ends with."""
_OF_JUPYTEXT = ("lines_to_next_cell", "lines_to_end_of_cell_marker")


def read_percent(text: str, name: str) -> Notebook:
    """Return the notebook that a percent script holds; cells that name no id have an empty one.

    Raises:
        TaskError: It cannot be read (E138).
        MachineError: Jupytext is not installed (E560).
    """
    with needed():
        import jupytext
    try:
        raw = json.loads(json.dumps(jupytext.reads(text, fmt=_FORMAT)))
    except Exception as error:  # whatever a broken header makes the reader stumble over
        raise not_a_notebook(name, f"it is no percent script ({type(error).__name__}: {error})") from error
    for cell in raw["cells"]:
        cell["id"] = cell["metadata"].pop("id", "")
    notebook = from_dict(raw, name)
    metadata = {key: value for key, value in notebook.metadata.items() if key != "jupytext"}
    return Notebook(cells=tuple(_restored(cell) for cell in notebook.cells), metadata=metadata)


def write_percent(notebook: Notebook, name: str) -> str:
    """Return the percent script that holds `notebook`.

    Raises:
        TaskError: It would not come back as it is (E139).
        MachineError: Jupytext is not installed (E560).
    """
    with needed():
        import jupytext
        import nbformat
    stripped = notebook.stripped()
    marked = stripped.with_cells(_marked(cell) for cell in stripped.cells)
    raw = to_dict(marked)
    for cell in raw["cells"]:
        cell["source"] = "".join(cell["source"])
    raw["metadata"] = {
        **raw["metadata"],
        "jupytext": {"cell_metadata_filter": "all", "notebook_metadata_filter": "all,-jupytext.text_representation"},
    }
    text = str(jupytext.writes(nbformat.from_dict(raw), fmt=_FORMAT))
    back = read_percent(text, name)
    lost = next((a.id for a, b in zip(stripped.cells, back.cells, strict=False) if _held(a) != _held(b)), None)
    if lost is None and (len(back.cells) != len(stripped.cells) or dict(back.metadata) != dict(stripped.metadata)):
        lost = "the notebook's metadata"
    if lost is not None:
        raise TaskError(
            "E139", f"{name!r} cannot hold {lost!r} in the percent format without loss", fix="keep it as .ipynb"
        )
    return text


def _held(cell: Cell) -> Any:
    return cell.id, cell.type, cell.source, dict(cell.metadata), dict(cell.rest)


def _marked(cell: Cell) -> Cell:
    source = cell.source.rstrip("\n")
    ends = len(cell.source) - len(source)
    metadata = {**cell.metadata, "id": cell.id, **({_ENDS: ends} if ends else {})}
    return replace(cell, source=source, metadata=metadata)


def _restored(cell: Cell) -> Cell:
    metadata = {key: value for key, value in cell.metadata.items() if key not in (*_OF_JUPYTEXT, _ENDS)}
    ends = cell.metadata.get(_ENDS, 0)
    ends = ends if isinstance(ends, int) and 0 <= ends <= 100 else 0
    rest = {key: value for key, value in cell.rest.items() if key not in ("outputs", "execution_count")}
    return replace(cell, source=cell.source + "\n" * ends, metadata=metadata, rest=rest)
