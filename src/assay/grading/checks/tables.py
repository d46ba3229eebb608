"""L15: tables of values in a script, in which labels may have been carried over from an earlier run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assay.grading.checks.finding import CheckFinding, Context, Severity
from assay.grading.checks.script import Script

_MOST_PAIRS = 100
_MOST_NUMBERS = 300
_MOST_TEXT = 3_000


def literal_tables(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L15: a literal with hundreds of values. Only flagged: lists of words and of grid points look the same."""
    inside: set[int] = set()
    for node in script.nodes:  # outer ones first
        if id(node) in inside or not isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Set):
            continue
        parts = list(ast.walk(node))
        inside |= {id(part) for part in parts}
        pairs = sum(len(part.keys) for part in parts if isinstance(part, ast.Dict) and _is_plain(part))
        numbers = sum(isinstance(part, ast.Constant) and isinstance(part.value, int | float) for part in parts)
        if pairs > _MOST_PAIRS or numbers > _MOST_NUMBERS:
            yield _found(node, f"a table of {max(pairs, numbers)} values")
    skipped = script.docstrings()
    for node in script.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str | bytes) or id(node) in skipped:
            continue
        if len(node.value) > _MOST_TEXT:
            yield _found(node, f"a text of {len(node.value):,} characters")


def _is_plain(node: ast.Dict) -> bool:
    return all(isinstance(part, ast.Constant) for part in (*node.keys, *node.values))


def _found(node: ast.expr, what: str) -> CheckFinding:
    sentence = f"{what} stands in the script: what is learnt from labels must be learnt anew on every view"
    return CheckFinding(code="L15", severity=Severity.WARN, line=node.lineno, sentence=sentence)
