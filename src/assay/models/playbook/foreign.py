"""Scripts that the playbook did not write: what can be repaired or left out by reading their syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.models.roles import DebugInputs, Finding

_MOST = 4
_MODELS = re.compile(r"(Classifier|Regressor|Regression|Ridge|Lasso|SVC|SVR|NB|LGBM\w*|XGB\w*|CatBoost\w*)$")


@dataclass(frozen=True, kw_only=True)
class Ablated:
    """A script with one statement made plain."""

    part: str
    description: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Patched:
    """A script with a known mistake mended."""

    cause: str
    code: str


def ablations(code: str, studied: Sequence[Finding]) -> Sequence[Ablated]:
    """Return up to four variants of `code`, parts that are not in `studied` first.

    Each leaves out one statement that adds a column to a table, or gives one model its default settings.
    """
    known = {finding.part for finding in studied}
    found: dict[str, Ablated] = {}
    for ablated in _candidates(code):
        found.setdefault(ablated.part, ablated)
    fresh = [a for name, a in found.items() if name not in known]
    return (fresh or list(found.values()))[:_MOST]


def repair(inputs: DebugInputs) -> Patched | None:
    """Return `inputs.code` with a known mistake mended, or None when none is recognised."""
    for mend in (_make_output_folder, _output_path, _dense_threads, _fewer_rounds, _unseen_file):
        patched = mend(inputs)
        if patched is not None and patched.code != inputs.code:
            return patched
    return None


def _candidates(code: str) -> Iterator[Ablated]:
    tree = ast.parse(code)
    lines = code.splitlines(keepends=True)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.keywords and _MODELS.search(_called(node)):
            name = _called(node)
            kept = [k for k in node.keywords if k.arg in ("random_state", "n_jobs", "seed", "verbose", "random_seed")]
            plain = f"{ast.unparse(node.func)}({', '.join(ast.unparse(k) for k in kept)})"
            yield Ablated(
                part=f"settings of {name}"[:60],
                description=f"{name} with its default settings.",
                code=_checked(_with_text(lines, node, plain), code),
            )
    for node in ast.walk(tree):
        column = _new_column(node)
        if column and isinstance(node, ast.Assign):
            changed = _checked(_with_text(lines, node, "pass"), code)
            if changed != code and code.count(repr(column)[1:-1]) == 1:
                yield Ablated(
                    part=f"column {column}"[:60], description=f"The column {column} is not made.", code=changed
                )


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _new_column(node: ast.AST) -> str:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
        key = node.targets[0].slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
    return ""


def _with_text(lines: Sequence[str], node: ast.expr | ast.stmt, text: str) -> str:
    """Return the script with the source of `node` replaced; columns of the tree count bytes."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    return "".join([*lines[:first], head + text + tail, *lines[last + 1 :]])


def _checked(changed: str, original: str) -> str:
    try:
        ast.parse(changed)
    except SyntaxError:
        return original
    return changed


def _make_output_folder(inputs: DebugInputs) -> Patched | None:
    if not re.search(r"(non-existent directory|No such file or directory).*output", inputs.error):
        return None
    return Patched(
        cause="The folder ./output did not exist.",
        code=_after_docstring(inputs.code, 'os.makedirs("output", exist_ok=True)'),
    )


def _output_path(inputs: DebugInputs) -> Patched | None:
    if "submission.csv" not in inputs.error or "missing" not in inputs.error:
        return None
    code = re.sub(
        r"""(["'])(?:\./)?(?!output/)(?:[\w./-]*/)?submission\.csv\1""", '"output/submission.csv"', inputs.code
    )
    return (
        Patched(
            cause="The predictions were not written to ./output/submission.csv.",
            code=_after_docstring(code, 'os.makedirs("output", exist_ok=True)'),
        )
        if code != inputs.code
        else None
    )


def _dense_threads(inputs: DebugInputs) -> Patched | None:
    if inputs.outcome not in ("processes", "memory"):
        return None
    code = re.sub(r"n_jobs\s*=\s*-1", "n_jobs=1", inputs.code)
    return Patched(cause="Too many processes or copies of the data at a time: one worker instead.", code=code)


def _fewer_rounds(inputs: DebugInputs) -> Patched | None:
    if inputs.outcome != "timeout":
        return None

    def fewer(match: re.Match[str]) -> str:
        return f"{match[1]}{max(int(match[2]) // 4, 10)}"

    names = r"n_estimators|iterations|num_boost_round|max_iter|epochs|n_epochs|num_epochs|n_trials"
    code = re.sub(rf"""((?:{names})["']?\s*[=:]\s*)(\d+)""", fewer, inputs.code)
    return Patched(cause="The script took too long: a quarter of its rounds.", code=code)


def _unseen_file(inputs: DebugInputs) -> Patched | None:
    if "FileNotFoundError" not in inputs.error and "No such file" not in inputs.error:
        return None
    name = inputs.brief.task.data
    code = inputs.code
    for path in filter(None, (name.train, name.test, name.sample)):
        base = re.escape(path)
        code = re.sub(rf"""(["'])(?:[\w./-]*/)?{base}\1""", f'"input/{path}"', code)
    return Patched(cause="The data lie in ./input.", code=code)


def _after_docstring(code: str, statement: str) -> str:
    """Return `code` with `statement` (of module os) after its docstring and future imports."""
    if statement in code:
        return code
    body = ast.parse(code).body
    last = 0
    for node in body:
        docstring = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not docstring and not future:
            break
        last = node.end_lineno or last
    lines = code.splitlines(keepends=True)
    return "".join([*lines[:last], f"import os\n\n{statement}\n", *lines[last:]])
