"""Host: the place in somebody else's notebook where predictions are made, so that another model can take it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assay.models.playbook.facts import Facts
from assay.models.roles.notebook import CellText

_FITS = frozenset({"fit", "fit_transform", "train", "partial_fit"})
_PREDICTS = frozenset({"predict", "predict_proba", "decision_function"})


@dataclass(frozen=True, kw_only=True)
class Host:
    """Predictions that the rest of a notebook relies on, in an open cell."""

    cell: str
    name: str
    """The function that returns them, or the variable that holds them."""
    known: str = ""
    """The function's parameter for the labelled rows; empty for a variable."""
    rows: str = ""
    """Its parameter for the rows to predict."""
    swapped: bool = False
    """Whether the rows to predict come first."""

    @property
    def is_function(self) -> bool:
        """Whether it is a function of two tables; else a variable of predictions of the test rows."""
        return bool(self.known)

    def to_json(self) -> dict[str, Any]:
        """Return the host as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Host:
        """Return the host that `to_json` made `value` from."""
        return cls(**value)


def hosts_of(cells: Sequence[CellText], facts: Facts) -> Sequence[Host]:
    """Return the places in open cells, functions first; empty where a cell cannot be read or nothing fits.

    A function fits if it has two parameters, trains and predicts, and is called with tables that come from the files of
    the task. A variable fits if predictions of what follows from the test file are assigned to it and a later cell
    uses it.
    """
    trees = [_parsed(cell.code) for cell in cells]
    tables = _tables(trees, facts)
    return [*_functions(cells, trees, tables), *_variables(cells, trees, tables)]


@dataclass(frozen=True)
class _Tables:
    """Names of variables that hold whole tables."""

    train: frozenset[str]
    test: frozenset[str]


def _functions(cells: Sequence[CellText], trees: Sequence[ast.Module], tables: _Tables) -> Iterator[Host]:
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for cell, tree in zip(cells, trees, strict=True):
        for node in tree.body:
            if cell.locked or not isinstance(node, ast.FunctionDef) or not _learns(node):
                continue
            names = [argument.arg for argument in node.args.args]
            if len(names) != 2 or node.args.vararg or node.args.kwonlyargs or node.args.kwarg:
                continue
            uses = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == node.name]
            given = [[_root(argument) for argument in call.args] for call in uses]
            whole = tables.train | tables.test
            if given and all(len(roots) == 2 and set(roots) <= whole for roots in given):
                swapped = _trained_on(node) == names[1]
                known, rows = (names[1], names[0]) if swapped else (names[0], names[1])
                yield Host(cell=cell.id, name=node.name, known=known, rows=rows, swapped=swapped)


def _variables(cells: Sequence[CellText], trees: Sequence[ast.Module], tables: _Tables) -> Iterator[Host]:
    follows = set(tables.test)
    for at, (cell, tree) in enumerate(zip(cells, trees, strict=True)):
        later = {n.id for other in trees[at + 1 :] for n in ast.walk(other) if isinstance(n, ast.Name)}
        for node in tree.body:
            if not isinstance(node, ast.Assign):
                continue
            names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            if not names & follows:
                continue
            follows |= {n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            target = node.targets[0]
            alone = len(node.targets) == 1 and isinstance(target, ast.Name)
            if alone and not cell.locked and target.id in later and _predicts_from(node.value, follows):  # type: ignore[attr-defined]
                yield Host(cell=cell.id, name=target.id)  # type: ignore[attr-defined]


def _tables(trees: Sequence[ast.Module], facts: Facts) -> _Tables:
    """Return the variables that the files of the task are read into."""
    files = facts.task.data
    train, test = files.train, files.test or "test." + files.train.rsplit(".", 1)[-1]
    found: dict[str, set[str]] = {train: set(), test: set()}
    for node in (node for tree in trees for node in tree.body if isinstance(node, ast.Assign)):
        for target, value in _pairs(node):
            texts = [n.value for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            for name, variables in found.items():
                reads = isinstance(value, ast.Call) and "read" in ast.unparse(value.func)
                if reads and any(text == name or text.endswith("/" + name) for text in texts):
                    variables.add(target)
    return _Tables(train=frozenset(found[train]), test=frozenset(found[test]))


def _pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for part, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(part, ast.Name):
                    yield part.id, value


def _learns(node: ast.FunctionDef) -> bool:
    called = {n.func.attr for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
    return bool(called & _FITS) and bool(called & _PREDICTS)


def _trained_on(node: ast.FunctionDef) -> str:
    """Return the parameter that stands in a call of `fit`; empty for both or neither."""
    names = [argument.arg for argument in node.args.args]
    inside: set[str] = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _FITS:
            inside |= {n.id for part in call.args for n in ast.walk(part) if isinstance(n, ast.Name)}
    found = [name for name in names if name in inside]
    return found[0] if len(found) == 1 else ""


def _predicts_from(value: ast.expr, follows: set[str]) -> bool:
    for call in ast.walk(value):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _PREDICTS:
            given = {n.id for part in call.args for n in ast.walk(part) if isinstance(n, ast.Name)}
            if given & follows:
                return True
    return False


def _root(node: ast.expr) -> str:
    """Return the variable whose rows an expression selects; empty where it may select columns or be something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant | ast.List | ast.Tuple):
        return _root(node.value)
    if isinstance(node, ast.Attribute) and node.attr in ("loc", "iloc"):
        return _root(node.value)
    rows_only = ("copy", "reset_index", "sample", "head", "tail")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in rows_only:
        return _root(node.func.value)
    return ""


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])
