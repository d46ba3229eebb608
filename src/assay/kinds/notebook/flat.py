"""Flat: the code of a notebook as one Python text, with a way back from its lines to the cells.

Shell and magic lines are not Python. They are rewritten, line for line, as the calls that the kernel makes of them, so
that whoever reads the text sees them as what they are.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass

from assay.kinds.notebook.cells import CellInfo, describe, label
from assay.kinds.notebook.document import Notebook

_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics whose body is Python."""
_LINE = re.compile(r"^(?P<indent>\s*)(?P<left>[\w, .\[\]'\"]+=\s*)?(?P<mark>!!?|%{1,2})(?P<rest>\S.*?)\s*$")
_HELP = re.compile(r"^(?P<indent>\s*)\??[\w.]+\?{1,2}\s*$")


@dataclass(frozen=True)
class Flat:
    """The code cells of a notebook as one text."""

    text: str
    starts: tuple[int, ...]
    """First line of each code cell, from 1."""
    infos: tuple[CellInfo, ...]
    """What is known of each code cell."""

    def place(self, line: int) -> tuple[CellInfo, int] | None:
        """Return the cell that a line of the text belongs to, and the line within that cell, from 1."""
        index = bisect_right(self.starts, line) - 1
        return (self.infos[index], line - self.starts[index] + 1) if line >= 1 and index >= 0 else None

    def named(self, line: int) -> str:
        """Return how a line of the text is named to people; empty for line 0, which is no line."""
        place = self.place(line)
        return f"{label(place[0])}, line {place[1]}" if place else ""


def flatten(notebook: Notebook) -> Flat:
    """Return the code of `notebook`; each cell begins on a line of its own and keeps its number of lines."""
    infos = {info.id: info for info in describe(notebook)}
    lines: list[str] = []
    starts = []
    for cell in notebook.code_cells:
        starts.append(len(lines) + 1)
        lines += plain(cell.source).split("\n")
    code = tuple(infos[cell.id] for cell in notebook.code_cells)
    return Flat(text="\n".join(lines) + "\n", starts=tuple(starts), infos=code)


def plain(source: str) -> str:
    """Return a cell's source as Python with the same number of lines; as it is where it is Python already."""
    if _parses(source):
        return source
    lines = source.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name = lines[first][2:].split(None, 1)[0] if lines[first][2:].strip() else ""
        if name not in _PYTHON_MAGICS:
            call = f"get_ipython().run_cell_magic({name!r}, {lines[first]!r}, {source!r})"
            return "\n".join([*lines[:first], call, *("" for _ in lines[first + 1 :])])
    return "\n".join(_plain_line(line) for line in lines)


def _plain_line(line: str) -> str:
    if _HELP.match(line):
        return _HELP.sub(r"\g<indent>pass", line)
    found = _LINE.match(line)
    if found is None:
        return line
    call = "system" if found["mark"].startswith("!") else "run_line_magic"
    arguments = repr(found["rest"])
    if call == "run_line_magic":
        name, _, rest = found["rest"].partition(" ")
        arguments = f"{name!r}, {rest.strip()!r}"
    return f"{found['indent']}{found['left'] or ''}get_ipython().{call}({arguments})"


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
