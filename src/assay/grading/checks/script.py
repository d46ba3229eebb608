"""Script: a parsed Python file with the little that can be known of it without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

_JOINS = frozenset({"os.path.join", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"})
_SAME = frozenset({"os.path.abspath", "os.path.normpath", "os.path.realpath", "os.fspath", "str"})


class Script:
    """Names, imports and texts of a file.

    Args:
        source: Python text.

    Raises:
        SyntaxError: It is not.
    """

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self.nodes = list(ast.walk(self.tree))
        self._aliases: dict[str, str] = {}
        for node in self.nodes:
            self._note_import(node)
        self.assigned = self._assignments()

    def _note_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            self._aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                self._aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def _assignments(self) -> dict[str, list[ast.expr]]:
        """Return every expression that each plain name is set to."""
        found: dict[str, list[ast.expr]] = {}
        for node in self.nodes:
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
                targets = [node.target]
            value = getattr(node, "value", None)
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                    found.setdefault(target.id, []).append(value)
        return found

    @property
    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported module with its line."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno

    @property
    def calls(self) -> Iterator[ast.Call]:
        """Every call."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def dotted(self, node: ast.AST) -> str:
        """Return the dotted name that `node` stands for, imports resolved (`np.mean` is `numpy.mean`), or ''."""
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def called(self, call: ast.Call) -> str:
        """Return the dotted name of what is called, or ''."""
        return self.dotted(call.func)

    def reads(self, node: ast.expr, file: str) -> bool:
        """Return whether `node` is a call that reads the table `file`, in whatever folder."""
        if not isinstance(node, ast.Call) or not self.called(node).rpartition(".")[2].startswith("read_"):
            return False
        return PurePosixPath(self.text(argument(node, 0)) or "").name == PurePosixPath(file).name

    def text(self, node: ast.AST | None, depth: int = 0) -> str | None:
        """Return the text that `node` surely is: literals, sums, f-strings, joined paths, names set once; or None.

        Unknown parts of f-strings and joins are written as `{}`.
        """
        if node is None or depth > 8:
            return None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            values = self.assigned.get(node.id, [])
            return self.text(values[0], depth + 1) if len(values) == 1 else None
        if isinstance(node, ast.JoinedStr):
            return "".join(self._piece(part, depth) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
            return self._sum(node, depth)
        if isinstance(node, ast.Call):
            return self._joined(node, depth)
        return None

    def _piece(self, part: ast.expr, depth: int) -> str:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        return self.text(inner, depth + 1) or ("{}" if isinstance(part, ast.FormattedValue) else "")

    def _sum(self, node: ast.BinOp, depth: int) -> str | None:
        left, right = self.text(node.left, depth + 1), self.text(node.right, depth + 1)
        if left is None and right is None:
            return None
        mark = "/" if isinstance(node.op, ast.Div) else ""
        return f"{'{}' if left is None else left}{mark}{'{}' if right is None else right}"

    def _joined(self, call: ast.Call, depth: int) -> str | None:
        name = self.called(call)
        if name in _SAME and len(call.args) == 1:
            return self.text(call.args[0], depth + 1)
        if name not in _JOINS or not call.args:
            return None
        parts = [self.text(argument, depth + 1) for argument in call.args]
        if all(part is None for part in parts):
            return None
        return "/".join("{}" if part is None else part for part in parts)

    def docstrings(self) -> set[int]:
        """Return the identities of the constants that are docstrings or stand alone."""
        return {
            id(node.value) for node in self.nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }


def argument(call: ast.Call, place: int, name: str = "") -> ast.expr | None:
    """Return what a call gives at `place` or by `name`, or None."""
    given = call.args[place : place + 1] or [keyword.value for keyword in call.keywords if keyword.arg == name]
    return given[0] if given else None
