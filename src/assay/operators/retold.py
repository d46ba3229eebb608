"""Retold: a script or a plan that was tried and comes again in other words. It is refused before it costs anything.

A script is the same where its syntax tree is, comments, layout, docstrings and the names that it gives itself aside; a
changed number makes it another one. A plan is the same where its words are nearly and its numbers exactly.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from assay.core.trial import TrialState
from assay.engine.endings import NoAnswer
from assay.engine.step import Step

ALIKE = 0.95
"""Ratio of difflib from which on the words of two plans are the same."""
LOOK = 100
"""Latest trials that a script is compared with."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def refuse_retold(step: Step, code: str) -> None:
    """Raise `NoAnswer` if a scored trial of the step's history is the same script in other words.

    Equal text is let pass: what it came to is known, and nothing is run for it.
    """
    meant = meaning(code)
    if not meant:
        return
    scored = [t for t in step.history.trials.values() if t.counts and t.state is TrialState.COMPLETE]
    for trial in scored[-LOOK:]:
        candidate = step.session.parts.objects.candidate(trial.candidate)
        if candidate.kind != "script" or candidate.source == code:
            continue
        if meaning(candidate.source) == meant:
            raise NoAnswer(f"the same script as #{trial.number} in other words")


def same_plan(plan: str, earlier: Iterable[str]) -> bool:
    """Return whether one of the earlier plans says the same: nearly the same words, and the very same numbers."""
    return any(_same(plan, one) for one in earlier)


@lru_cache(maxsize=512)
def meaning(code: str) -> str:
    """Return what a script does, whatever its names and its layout; empty where it is no Python."""
    try:
        tree = ast.parse(code)
        names = _Renamed(tree)
        return ast.dump(names.visit(tree))
    except (SyntaxError, ValueError, RecursionError):
        return ""


class _Renamed(ast.NodeTransformer):
    """Numbers the names that a script stores, in the order in which they stand there, and drops docstrings."""

    def __init__(self, tree: ast.Module) -> None:
        stored = (n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        self._names = {name: f"name-{number}" for number, name in enumerate(dict.fromkeys(stored))}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)


def _same(one: str, other: str) -> bool:
    if Counter(_NUMBER.findall(one)) != Counter(_NUMBER.findall(other)):
        return False
    words, others = one.lower().split(), other.lower().split()
    if words == others:
        return True
    matcher = difflib.SequenceMatcher(None, words, others, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
