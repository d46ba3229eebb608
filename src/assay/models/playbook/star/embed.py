"""Embedding: the text of a whole script as the body of a function, so that several scripts can live in one file."""

from __future__ import annotations

import ast
import builtins
import io
import symtable
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_REFUSED_CALLS = {
    "globals": "it reads the table of its global names",
    "vars": "it reads the table of its global names",
    "locals": "it reads the table of its names",
    "exec": "it runs text as code",
    "eval": "it runs text as code",
    "exit": "it ends the process",
    "quit": "it ends the process",
    "sys.exit": "it ends the process",
    "os._exit": "it ends the process",
}
_PROCESSES = ("multiprocessing", "concurrent.futures.process")


class Unmergeable(Exception):
    """A script cannot be made the body of a function; the message says why."""


@dataclass(frozen=True, kw_only=True, order=True)
class Import:
    """One name that an import statement binds."""

    module: str
    member: str = ""
    """What is taken from the module; empty for the module itself."""
    alias: str = ""

    @property
    def binds(self) -> str:
        """The name that it binds."""
        return self.alias or self.member or self.module.partition(".")[0]

    @property
    def statement(self) -> str:
        """The statement that binds it alone."""
        renamed = f" as {self.alias}" if self.alias else ""
        return f"from {self.module} import {self.member}{renamed}" if self.member else f"import {self.module}{renamed}"


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A script, taken apart."""

    imports: tuple[Import, ...]
    """What it imports at its top level and never binds to anything else."""
    future: tuple[str, ...]
    """Features it takes from `__future__`."""
    body: str
    """The rest without the docstring, not indented; never empty."""


@lru_cache(maxsize=64)
def embed(code: str) -> Embedded:
    """Return `code` taken apart so that its body can stand in a function.

    Raises:
        Unmergeable: In a function it would mean something else than as a file.
    """
    tree = ast.parse(code)
    for reason in _obstacles(tree, code):
        raise Unmergeable(reason)
    assigned = _assigned(code)
    imports: list[Import] = []
    future: list[str] = []
    gone: set[int] = set()
    for node in tree.body:
        taken = imported_by(node)
        if node is tree.body[0] and _is_docstring(node):
            pass
        elif isinstance(node, ast.ImportFrom) and node.module == "__future__":
            future += [alias.name for alias in node.names]
        elif taken and _is_alone(node, tree) and not any(i.binds in assigned for i in taken):
            imports += taken
        else:
            continue
        gone |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    kept = [line for number, line in enumerate(code.splitlines(keepends=True), 1) if number not in gone]
    body = "".join(kept).strip("\n")
    has_code = any(line.strip() and not line.lstrip().startswith("#") for line in body.splitlines())
    return Embedded(imports=tuple(imports), future=tuple(future), body=body if has_code else "pass")


@lru_cache(maxsize=16)
def imports_of(code: str) -> tuple[Import, ...]:
    """Return what `code` imports at its top level, without `__future__`."""
    return tuple(i for node in ast.parse(code).body for i in imported_by(node))


@lru_cache(maxsize=64)
def indented(text: str, by: str = "    ") -> str:
    """Return `text` with each line moved to the right, except those that begin inside a string."""
    inside = _inside_strings(text)
    out: list[str] = []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if number in inside:
            out.append(line)
        elif line.strip():
            out.append(by + line)
        elif not out or out[-1].strip() or number - 1 in inside:
            out.append("\n")
    return "".join(out)


def _inside_strings(text: str) -> set[int]:
    inside: set[int] = set()
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            inside |= set(range(token.start[0] + 1, token.end[0] + 1))
        elif kind.endswith("STRING_START"):
            opened.append(token.start[0])
        elif kind.endswith("STRING_END"):
            inside |= set(range(opened.pop() + 1, token.end[0] + 1))
    return inside


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def imported_by(node: ast.stmt) -> list[Import]:
    """Return what the statement `node` imports, without `__future__`."""
    if isinstance(node, ast.Import):
        return [Import(module=alias.name, alias=alias.asname or "") for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
        return [Import(module=node.module, member=a.name, alias=a.asname or "") for a in node.names]
    return []


def _is_alone(node: ast.stmt, tree: ast.Module) -> bool:
    """Whether no other statement begins or ends on the lines of `node`."""
    first, last = node.lineno, node.end_lineno or node.lineno
    others = (other for other in tree.body if other is not node)
    return not any(other.lineno <= last and (other.end_lineno or other.lineno) >= first for other in others)


def _assigned(code: str) -> set[str]:
    """Return the names that the top level binds by anything but an import."""
    table = symtable.symtable(code, "solution.py", "exec")
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}


def _obstacles(tree: ast.Module, code: str) -> Iterator[str]:
    """Yield what would change its meaning inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"it has a global statement for {', '.join(node.names)}"
        elif isinstance(node, ast.Call) and (reason := _REFUSED_CALLS.get(ast.unparse(node.func))):
            yield reason
        elif isinstance(node, ast.Name) and node.id == "SystemExit":
            yield "it ends the process"
        elif isinstance(node, ast.Attribute) and node.attr == "ProcessPoolExecutor":
            yield "it starts processes, which cannot reach functions inside a function"
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from _import_obstacles(node)
    assigned = _assigned(code)
    yield from _class_obstacles(tree, assigned)
    yield from _builtin_obstacles(tree, assigned)


def _import_obstacles(node: ast.ImportFrom | ast.Import) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and (node.level or "*" in names):
        yield "it imports everything of a module, or a file beside it"
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
    if any(module.startswith(_PROCESSES) for module in modules) or "ProcessPoolExecutor" in names:
        yield "it starts processes, which cannot reach functions inside a function"


def _class_obstacles(tree: ast.Module, assigned: set[str]) -> Iterator[str]:
    """A class body that sets a name it also reads finds the file's name, but not the function's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names = [n for statement in node.body if not _is_scope(statement) for n in _names(statement)]
            stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
            loaded = {n.id for n in names if isinstance(n.ctx, ast.Load)}
            if clash := stored & loaded & assigned:
                yield f"the class {node.name} sets {sorted(clash)[0]} from a name of the file"


def _builtin_obstacles(tree: ast.Module, assigned: set[str]) -> Iterator[str]:
    """`sum = sum(x)` works in a file, but in a function the second `sum` has no value yet."""
    names = [n for statement in tree.body if not _is_scope(statement) for n in _names(statement)]
    for name in sorted(assigned & set(dir(builtins))):
        stores = [n.lineno for n in names if n.id == name and isinstance(n.ctx, ast.Store)]
        loads = [n.lineno for n in names if n.id == name and isinstance(n.ctx, ast.Load)]
        if stores and loads and min(loads) <= min(stores):
            yield f"it replaces the built-in {name} after using it"


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)


def _names(node: ast.AST) -> Sequence[ast.Name]:
    """Return the names under `node` that belong to its own scope."""
    found = [node] if isinstance(node, ast.Name) else []
    for child in ast.iter_child_nodes(node):
        if not _is_scope(child):
            found += _names(child)
    return found
