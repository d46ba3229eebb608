"""Data that a script leaves unused, and rows that it throws away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from assay.core.profile import ColumnKind
from assay.models.roles import Brief

_FEWEST_ROWS = 100
"""`head` of fewer rows is a look at the data, not a cut."""
_NUMERIC = (ColumnKind.NUMBER, ColumnKind.BOOLEAN)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A call that throws training rows away."""

    line: int
    text: str
    """The call as it stands."""
    whole: str
    """What stands for all rows."""
    start: tuple[int, int]
    """Line and column in bytes; lines from 1."""
    end: tuple[int, int]


def unnamed_columns(code: str, brief: Brief) -> Sequence[str]:
    """Return columns that `code` never names although it picks its columns by name; nothing where it picks by rule."""
    usable = [
        c.name
        for c in brief.profile.columns
        if c.in_test and c.kind not in (ColumnKind.CONSTANT, ColumnKind.IDENTIFIER) and c.name != brief.task.id_column
    ]
    if column_list(code, usable) is None:
        return []
    named = {n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant)}
    return [name for name in usable if name not in named]


def unread_files(code: str, brief: Brief) -> Sequence[str]:
    """Return further files of the task that no text in `code` names."""
    texts = [n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [name for name in brief.task.data.side if not any(_is_in(name, text) for text in texts)]


def column_list(code: str, columns: Sequence[str]) -> ast.List | None:
    """Return the longest list of column names that features are picked by; None if columns are picked by rule."""
    tree = ast.parse(code)
    if re.search(r"\.drop\(|select_dtypes|\.pop\(|\.columns\b", code):
        return None
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.List) and _names_columns(node, columns)]
    return max(lists, key=lambda node: len(node.elts), default=None)


def with_columns(code: str, names: Sequence[str], brief: Brief) -> str:
    """Return `code` with the numbers among `names` added to the list that features are picked by."""
    kinds = {c.name: c.kind for c in brief.profile.columns}
    added = [name for name in names if kinds.get(name) in _NUMERIC]
    chosen = column_list(code, list(kinds))
    if chosen is None or not added:
        return code
    last = chosen.elts[-1]
    text = "".join(f", {name!r}" for name in added)
    return _spliced(
        code, (last.end_lineno or 0, last.end_col_offset or 0), (last.end_lineno or 0, last.end_col_offset or 0), text
    )


def cuts(code: str, brief: Brief) -> Sequence[Cut]:
    """Return the calls that throw training rows away, in order."""
    found: list[Cut] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            found += _cut_rows(node, node.value)
        if isinstance(node, ast.Call):
            found += _limited_reading(node, brief)
    return sorted(found, key=lambda cut: cut.start)


def without_cuts(code: str, brief: Brief) -> str:
    """Return `code` with every cut taken out."""
    for cut in reversed(cuts(code, brief)):
        code = _spliced(code, cut.start, cut.end, cut.whole)
    return code


def _cut_rows(node: ast.Assign, call: ast.Call) -> Iterator[Cut]:
    """`train = train.sample(5000)`, `.head(5000)`, both with more behind them."""
    target = ast.unparse(node.targets[0])
    while isinstance(call.func, ast.Attribute):
        owner = call.func.value
        if call.func.attr in ("sample", "head") and ast.unparse(owner) == target and _takes_fewer(call):
            yield _cut(call, ast.unparse(owner))
        if not isinstance(owner, ast.Call):
            return
        call = owner


def _takes_fewer(call: ast.Call) -> bool:
    given = {k.arg: k.value for k in call.keywords}
    if "frac" in given:
        share = given["frac"]
        return not (isinstance(share, ast.Constant) and isinstance(share.value, int | float) and share.value >= 1)
    count = given.get("n") or (call.args[0] if call.args else None)
    if isinstance(count, ast.Constant):
        return isinstance(count.value, int) and count.value >= _FEWEST_ROWS
    return count is not None


def _limited_reading(call: ast.Call, brief: Brief) -> Iterator[Cut]:
    name = ast.unparse(call.func)
    rows = next((k for k in call.keywords if k.arg == "nrows"), None)
    reads_train = any(
        isinstance(n, ast.Constant) and isinstance(n.value, str) and _is_in(brief.task.data.train, n.value)
        for a in call.args
        for n in ast.walk(a)
    )
    is_look = (
        rows is not None and isinstance(rows.value, ast.Constant) and (rows.value.value or 0) in range(_FEWEST_ROWS)
    )
    if rows is not None and "read_" in name and reads_train and not is_look:
        kept = [ast.unparse(a) for a in call.args] + [ast.unparse(k) for k in call.keywords if k is not rows]
        yield _cut(call, f"{name}({', '.join(kept)})")


def _cut(call: ast.Call, whole: str) -> Cut:
    return Cut(
        line=call.lineno,
        text=ast.unparse(call),
        whole=whole,
        start=(call.lineno, call.col_offset),
        end=(call.end_lineno or call.lineno, call.end_col_offset or 0),
    )


def _names_columns(node: ast.List, columns: Sequence[str]) -> bool:
    known = [isinstance(item, ast.Constant) and item.value in columns for item in node.elts]
    return len(known) >= 2 and all(known)


def _is_in(name: str, text: str) -> bool:
    return PurePosixPath(name.rstrip("/")).name in text


def _spliced(code: str, start: tuple[int, int], end: tuple[int, int], text: str) -> str:
    """Return `code` with what is between two places replaced; columns count bytes."""
    lines = code.encode().splitlines(keepends=True)
    head = b"".join(lines[: start[0] - 1]) + lines[start[0] - 1][: start[1]]
    tail = lines[end[0] - 1][end[1] :] + b"".join(lines[end[0] :])
    return (head + text.encode() + tail).decode()
