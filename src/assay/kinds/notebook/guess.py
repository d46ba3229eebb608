"""A guess at which cells of somebody's notebook should be locked, with a reason each, for a person to confirm."""

from __future__ import annotations

import ast
import re

from assay.kinds.notebook.cells import CellInfo, describe
from assay.kinds.notebook.document import Cell, Notebook
from assay.kinds.notebook.flat import plain
from assay.kinds.notebook.locks import LOCK_TAGS, Decision

_WORDS = re.compile(
    r"\b(evaluat\w*|metrics?|scor(?:e|es|ing)|submission|protected|locked"
    r"|load(?:ing)? data|data load\w*|read(?:ing)? data)\b",
    re.IGNORECASE,
)
_READS = re.compile(r"^(?:read_\w+|load|loadtxt|genfromtxt|load_\w+|loadmat|fetch_\w+|File|open_dataset|scan_\w+)$")
_SCORES = re.compile(
    r"(?:_score|_error|_loss|_deviance)$|^(?:roc_auc|rmse|mae|mse|r2|pearsonr|spearmanr|kendalltau|accuracy|score|evaluate)$"
)
_SAVES = re.compile(r"^(?:to_csv|to_parquet|to_json|dump|save|savez|write_text)$")
_RESULTS = re.compile(r"submission|metrics|scores?|predictions", re.IGNORECASE)


def guess_locks(notebook: Notebook) -> tuple[Decision, ...]:
    """Return for each code cell whether it should be locked: what loads data, scores, or saves results.

    A guess by names alone: a cell that does two things is locked for the one that must not change.
    """
    cells = {cell.id: cell for cell in notebook.cells}
    return tuple(_guess(info, cells[info.id]) for info in describe(notebook) if info.type == "code")


def _guess(info: CellInfo, cell: Cell) -> Decision:
    reason = _by_mark(info) or _by_code(cell.source)
    return Decision(
        info=info, locked=bool(reason), reason=reason or "it neither loads data nor scores nor saves results"
    )


def _by_mark(info: CellInfo) -> str:
    for tag in info.tags:
        if tag.lower() in LOCK_TAGS:
            return f"tagged {tag!r}"
    for what, text in (("section", info.section), ("name", info.name)):
        found = _WORDS.search(text.replace("_", " ").replace("-", " "))
        if found:
            return f"its {what} says {found[0]!r}"
    return ""


def _by_code(source: str) -> str:
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _SCORES.search(node.name):
            return f"it defines {node.name}()"
        if not isinstance(node, ast.Call):
            continue
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [
            part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        if _SAVES.match(name) and any(_RESULTS.search(text) for text in texts):
            return f"it saves results ({name})"
        if _SCORES.search(name):
            return f"it scores ({name})"
        if _READS.match(name) and (owner is None or isinstance(owner, ast.Name)) and name != "load_state_dict":
            return f"it loads data ({name})"
    return ""
