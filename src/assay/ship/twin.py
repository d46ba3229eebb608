"""Twin: a solution as a notebook that gives the same predictions."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from assay.core.candidate import Candidate
from assay.core.digest import digest_text

_SETUP = """\
# Shows the data to the code below as ./input, where it expects them. Set DATA to the folder with the data files.
import os
from pathlib import Path

DATA = os.environ.get("DATA", {data})
os.environ.setdefault("ASSAY_SEED", "{seed}")
os.environ.setdefault("ASSAY_THREADS", str(os.cpu_count() or 1))
Path("output").mkdir(exist_ok=True)
if not Path("input").exists():
    Path("input").symlink_to(Path(DATA).resolve(), target_is_directory=True)
"""
_LAST = """\
from pathlib import Path

print(Path("output/{file}").read_text(encoding="utf-8")[:300])
"""


def notebook_twin(candidate: Candidate, *, title: str, data: str, seed: int, output: str) -> str:
    """Return a notebook (nbformat 4.5) that does what the candidate does, with an empty output in every cell.

    Args:
        candidate: A script, with helpers beside it or without, or a notebook.
        title: What stands above it.
        data: Where the data lie unless the variable `DATA` says otherwise.
        seed: Told to the code.
        output: The file that is written below `output/`.
    """
    setup = _SETUP.format(data=json.dumps(data), seed=seed)
    head = [_cell("markdown", title, "title"), _cell("code", setup, "data")]
    tail = [_cell("code", _LAST.format(file=output), "result")]
    if candidate.kind == "notebook":
        return _own(candidate, head, tail)
    others = {name: text for name, text in candidate.files.items() if name != candidate.entry}
    files = [
        _cell("code", _file_cell(name, text), f"file-{place}") for place, (name, text) in enumerate(others.items())
    ]
    parts = [_cell("code", part, f"code-{place}") for place, part in enumerate(_split(candidate.source))]
    return _notebook([*head, *files, *parts, *tail], {})


def _own(candidate: Candidate, head: list[Any], tail: list[Any]) -> str:
    """Return a candidate that is a notebook, between the two cells that show the data and the result."""
    from assay.kinds.notebook import notebook_of

    known = notebook_of(candidate)
    cells = [_cell("code" if cell.is_code else "markdown", cell.source, str(cell.id)) for cell in known.cells]
    return _notebook([*head, *cells, *tail], {})


def _notebook(cells: list[Any], metadata: Mapping[str, Any]) -> str:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    value = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}, **metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, source: str, name: str) -> dict[str, Any]:
    cell_id = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:40] + "-" + digest_text(f"{name}\n{source}")[:8]
    cell: dict[str, Any] = {"cell_type": kind, "id": cell_id, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return {**cell, "source": source.rstrip("\n").splitlines(keepends=True)}


def _file_cell(name: str, text: str) -> str:
    """Return code that writes a helper file: a magic would not survive a change of its text by a formatter."""
    quoted = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return (
        f"from pathlib import Path\n\nhelper = Path({name!r})\nhelper.parent.mkdir(parents=True, exist_ok=True)\n"
        f'helper.write_text("""\\\n{quoted}""", encoding="utf-8")\n'
    )


def _split(source: str) -> list[str]:
    """Return a script in pieces that follow one another: imports first, then each function or run of statements."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return [source]
    lines = source.splitlines(keepends=True)
    cuts = [1]
    kinds = [_sort(node) for node in body]
    for before, node, kind in zip(kinds, body[1:], kinds[1:], strict=False):
        if kind == "definition" or kind != before:
            cuts.append(min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]))
    ends = [*(cut - 1 for cut in cuts[1:]), len(lines)]
    pieces = ["".join(lines[start - 1 : end]).strip("\n") for start, end in zip(cuts, ends, strict=True)]
    return [piece for piece in pieces if piece.strip()]


def _sort(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return "definition"
    doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return "import" if doc or isinstance(node, ast.Import | ast.ImportFrom) else "statement"
