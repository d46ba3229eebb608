"""The imports that a script begins with, as far as they can be done ahead without the script noticing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

PACKAGES = frozenset(
    (
        *("numpy", "pandas", "scipy", "sklearn", "lightgbm", "xgboost", "catboost", "statsmodels", "joblib"),
        *("pyarrow", "polars"),
    )
)
"""Packages whose import takes long, prints nothing and depends on nothing but the environment. Deep-learning frameworks
are not among them: they take hold of devices and of a gigabyte."""

_SILENCING = ("filterwarnings", "simplefilter")


def early_imports(source: str) -> tuple[str, ...]:
    """Return the modules of `PACKAGES` that `source` imports before it does anything else, in order, each once.

    It ends at the first statement that could make an import another one: an assignment, a condition, the import of a
    package that is not known here. What only imports the standard library or silences warnings is passed over. Of
    `from package import name` both `package` and `package.name` are returned; the latter need not be a module.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found: dict[str, None] = {}
    for node in body:
        names = _imported(node)
        if names is None:
            if _is_silent(node):
                continue
            break
        for name in names:
            top = name.partition(".")[0]
            if top in PACKAGES:
                found[name] = None
            elif top not in sys.stdlib_module_names:
                return tuple(found)
    return tuple(found)


def packages_of(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return the packages of `modules` in the order in which they are first met."""
    return tuple(dict.fromkeys(name.partition(".")[0] for name in modules))


def _imported(node: ast.stmt) -> list[str] | None:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module, *_members(node, node.module)]
    return None


def _members(node: ast.ImportFrom, module: str) -> Iterator[str]:
    """Yield what may be modules of a package: by custom their names are in lower case."""
    if "." not in module and module in PACKAGES:
        yield from (f"{module}.{alias.name}" for alias in node.names if alias.name.islower())


def _is_silent(node: ast.stmt) -> bool:
    """Return whether a statement is a text, or a call that silences warnings."""
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    if isinstance(value, ast.Constant):
        return True
    if not isinstance(value, ast.Call) or not value.args:
        return False
    function, first = value.func, value.args[0]
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    plain = isinstance(function, ast.Name) or isinstance(getattr(function, "value", None), ast.Name)
    return plain and name in _SILENCING and isinstance(first, ast.Constant) and first.value == "ignore"
