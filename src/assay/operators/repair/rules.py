"""Rules that mend a failing cell without asking anybody: code put directly before the statement that failed.

What is put there runs first, because it stands first. It never touches data: neither features nor targets, labelled or
held out, get another value. What is missing, text or flat is dealt with inside the model, by a step before it that
learns from the model's own training rows. A rule that cannot do so leaves the failure to the next tier.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from assay.kinds.notebook.flat import plain

_FITS = ("fit", "fit_predict", "fit_transform")
_VALIDATES = frozenset(
    {"cross_val_score", "cross_val_predict", "cross_validate", "permutation_test_score", "learning_curve"}
)
_ABOUT_TARGET = re.compile(r"\b(?:Input )?y contains|target|label", re.IGNORECASE)
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_MOVED = {
    "sklearn.externals.joblib": "joblib",
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.learning_curve": "sklearn.model_selection",
    "sklearn.metrics.scorer": "sklearn.metrics",
    "scipy.integrate.quadrature": "scipy.integrate",
    "pandas.util.testing": "pandas.testing",
}
"""Allow list: modules that now live elsewhere."""
_BARS = ("tqdm", "tqdm.auto", "tqdm.notebook")
"""Allow list: packages that only show progress; a loop does the same without."""


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A mended cell."""

    source: str
    cause: str
    """What was wrong and what was done, in a sentence."""
    line: int
    """First line of what was put in, from 1: the statement that failed stands right behind it."""
    size: int
    """How many lines were put in."""


def find_patch(source: str, line: int, error: str) -> Patch | None:
    """Return the cell mended by the first rule that knows the failure, or None.

    Args:
        source: The cell.
        line: The line that raised, from 1; 0 if that is not known.
        error: Type and message of what it raised.
    """
    statement = _statement(source, line)
    if statement is None:
        return None
    for rule in (_missing_module, _missing_values, _text_columns, _flat_features):
        found = rule(statement, error)
        if found is not None:
            cause, lines = found
            return _inserted(source, statement, lines, cause)
    return None


Found = tuple[str, list[str]]


def _missing_values(statement: ast.stmt, error: str) -> Found | None:
    if not re.search(r"\bcontains (?:NaN|infinity)", error) or _ABOUT_TARGET.search(error):
        return None
    return _before_model(
        statement,
        "a model met missing or infinite values; they are filled inside it, by the medians of its own training rows",
        [
            "import numpy as _assay_np",
            "from sklearn.impute import SimpleImputer as _AssayFill",
            "from sklearn.pipeline import make_pipeline as _assay_pipeline",
            "from sklearn.preprocessing import FunctionTransformer as _AssayStep",
            "def _assay_finite(values):",
            "    values = _assay_np.asarray(values, dtype=float)",
            "    return _assay_np.where(_assay_np.isfinite(values), values, _assay_np.nan)",
        ],
        lambda model: (
            f"_assay_pipeline(_AssayStep(_assay_finite), "
            f'_AssayFill(strategy="median", keep_empty_features=True), {model})'
        ),
    )


def _text_columns(statement: ast.stmt, error: str) -> Found | None:
    known = (
        r"could not convert string to float|pandas dtypes must be int, float or bool"
        r"|DataFrame\.dtypes for data must be int|Cannot use \w+ strategy with non-numeric"
        r"|could not be promoted by|float\(\) argument must be a string or a real number"
    )
    if not re.search(known, error):
        return None
    return _before_model(
        statement,
        "a model met text or dates in its columns; they are turned into numbers inside it, by its own training rows",
        [
            "from sklearn.compose import make_column_selector as _assay_columns",
            "from sklearn.compose import make_column_transformer as _assay_transformer",
            "from sklearn.pipeline import make_pipeline as _assay_pipeline",
            "from sklearn.preprocessing import OrdinalEncoder as _AssayNumbers",
        ],
        lambda model: (
            "_assay_pipeline(_assay_transformer((_AssayNumbers("
            'handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), '
            f'_assay_columns(dtype_exclude=["number", "bool"])), remainder="passthrough"), {model})'
        ),
    )


def _flat_features(statement: ast.stmt, error: str) -> Found | None:
    if "Expected 2D array, got 1D array instead" not in error:
        return None
    return _before_model(
        statement,
        "a model met a single flat column; it is made a table of one column inside it",
        [
            "import numpy as _assay_np",
            "from sklearn.pipeline import make_pipeline as _assay_pipeline",
            "from sklearn.preprocessing import FunctionTransformer as _AssayStep",
            "def _assay_table(values):",
            "    return _assay_np.asarray(values).reshape(len(values), -1)",
        ],
        lambda model: f"_assay_pipeline(_AssayStep(_assay_table), {model})",
    )


def _missing_module(statement: ast.stmt, error: str) -> Found | None:
    found = _NO_MODULE.search(error)
    if found is None or not isinstance(statement, ast.Import | ast.ImportFrom):
        return None
    name = found[1]
    asked = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    for old, new in _MOVED.items():
        if asked == old and old.startswith(name):
            lines = ["import importlib as _assay_importlib, sys as _assay_sys"]
            lines.append(f'_assay_sys.modules["{old}"] = _assay_importlib.import_module("{new}")')
            return f"the module {old} is {new} now", lines
    if name in _BARS and asked in _BARS:
        lines = ["import sys as _assay_sys, types as _assay_types"]
        for bar in dict.fromkeys(("tqdm", asked)):
            lines.append(f'_assay_sys.modules.setdefault("{bar}", _assay_types.ModuleType("{bar}"))')
            lines.append(f'_assay_sys.modules["{bar}"].tqdm = lambda it=(), *args, **options: it')
            lines.append(f'_assay_sys.modules["{bar}"].trange = lambda *args, **options: range(*args)')
        return f"the package {name} is not there; it only shows progress, so loops run without it", lines
    return None


def _before_model(statement: ast.stmt, cause: str, lines: list[str], wrap: Callable[[str], str]) -> Found | None:
    """Return code that puts a step before the model which the statement trains, if it has a name to be given it by."""
    model = next((m for m in map(_model, ast.walk(statement)) if m is not None), None)
    if model is None or not _nameable(model):
        return None
    name = ast.unparse(model)
    if any(isinstance(part, ast.Name) and part.id.startswith("_assay") for part in ast.walk(statement)):
        return None
    return cause, [*lines, f"{name} = {wrap(name)}"]


def _model(node: ast.AST) -> ast.expr | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in _FITS:
        return node.func.value
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in _VALIDATES:
        named = [keyword.value for keyword in node.keywords if keyword.arg == "estimator"]
        return next(iter([*node.args[:1], *named]), None)
    return None


def _nameable(node: ast.expr) -> bool:
    """Return whether an expression can be given a value without running anything else."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Attribute):
        return _nameable(node.value)
    if isinstance(node, ast.Subscript):
        return _nameable(node.value) and isinstance(node.slice, ast.Constant | ast.Name)
    return False


def _statement(source: str, line: int) -> ast.stmt | None:
    """Return the innermost statement that the line belongs to, and that other statements can stand before."""
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    inside = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno)]
    found = max(inside, key=lambda n: (n.lineno, n.col_offset), default=None)
    text = source.split("\n")[found.lineno - 1] if found is not None else ""
    # `if x: model.fit(...)` and `a = 1; model.fit(...)`: there is no line of its own to stand before.
    return found if found is not None and not text[: found.col_offset].strip() else None


def _inserted(source: str, statement: ast.stmt, lines: list[str], cause: str) -> Patch:
    rows = source.split("\n")
    at, indent = statement.lineno - 1, rows[statement.lineno - 1][: statement.col_offset]
    remark = f"# put in by assay: {cause}"
    added = [f"{indent}{line}" for line in (remark, *lines)]
    return Patch(source="\n".join([*rows[:at], *added, *rows[at:]]), cause=cause, line=at + 1, size=len(added))
