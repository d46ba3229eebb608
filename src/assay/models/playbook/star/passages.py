"""Passages of a script: which lines say something, and which run of whole statements covers given lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assay.models.playbook.star.embed import Import, imported_by

_MEMBER = re.compile(r"model_\d+$")


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines of a script that carry it: without blank ones, its docstring and the imports at its top."""

    numbers: tuple[int, ...]
    """Counted from 1, in the file."""
    texts: tuple[str, ...]
    imports: tuple[Import, ...]
    """What the file imports at its top level."""


@lru_cache(maxsize=16)
def lines_of(code: str) -> Lines:
    """Return the lines of `code` that decide what it does, comments included."""
    body = ast.parse(code).body
    left_out = {number for node in body if _is_apart(node) for number in _span(node)}
    kept = [
        (number, text) for number, text in enumerate(code.splitlines(), 1) if text.strip() and number not in left_out
    ]
    imports = tuple(taken for node in body for taken in imported_by(node))
    return Lines(numbers=tuple(n for n, _ in kept), texts=tuple(t for _, t in kept), imports=imports)


def is_same(code: str, other: str) -> bool:
    """Return whether two scripts differ at most in docstring, imports at the top, and blank lines."""
    return lines_of(code).texts == lines_of(other).texts


@lru_cache(maxsize=16)
def suites_of(code: str) -> Sequence[Sequence[tuple[int, int]]]:
    """Return runs of statements that a passage may be cut from, as (first, last) line a statement.

    The file's own statements come first, then those of each member function of a mixture. A comment right above a
    statement belongs to it; docstrings and imports are left out.
    """
    tree, lines = ast.parse(code), code.splitlines()
    members = [n for n in tree.body if isinstance(n, ast.FunctionDef) and _MEMBER.match(n.name)]
    bodies = [[node for node in tree.body if not _is_apart(node)]]
    bodies += [[node for node in member.body if not _is_docstring(node)] for member in members]
    return [[(_first(node, lines), node.end_lineno or node.lineno) for node in body] for body in bodies if body]


def member_at(code: str, first: int, last: int) -> int | None:
    """Return the number of the member function that holds the lines, counted from 1; None outside of all."""
    for node in ast.parse(code).body:
        is_member = isinstance(node, ast.FunctionDef) and _MEMBER.match(node.name)
        if is_member and node.lineno < first and last <= (node.end_lineno or 0):
            return int(node.name.removeprefix("model_"))  # type: ignore[attr-defined]
    return None


def statements_of(code: str) -> Sequence[tuple[ast.stmt, int, int]]:
    """Return the simple statements of `code` that stand on lines of their own, with first and last line."""
    lines = code.splitlines()
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return) and not _is_docstring(
            node
        ):
            first, last = node.lineno, node.end_lineno or node.lineno
            alone = not lines[first - 1][: node.col_offset].strip() and not lines[last - 1].rstrip().endswith(";")
            if alone:
                found.append((node, first, last))
    return sorted(found, key=lambda entry: entry[1])


def passage(code: str, first: int, last: int) -> str:
    """Return the lines from `first` to `last` of `code`, both included, without the last line break."""
    return "\n".join(code.splitlines()[first - 1 : last])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_apart(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node)


def _span(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _first(node: ast.stmt, lines: Sequence[str]) -> int:
    named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    decorators: list[ast.expr] = node.decorator_list if named else []  # type: ignore[attr-defined]
    first = min([node.lineno, *(d.lineno for d in decorators)])
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first
