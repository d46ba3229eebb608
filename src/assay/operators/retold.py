"""Retold: a script or a plan that was tried and comes again in other words. It is refused before it costs anything.

A script is the same where its syntax tree is, comments, layout, docstrings and the names that it gives itself aside; a
changed number makes it another one. A plan is the same where its words are nearly and its numbers exactly.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
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


_UNBOUND = (ast.Name, ast.Constant, ast.Attribute, ast.keyword)
"""Nodes whose texts are no other way to bind a name."""


def _texts(node: ast.AST) -> Iterator[str]:
    for _, value in ast.iter_fields(node):
        yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


class _Renamed(ast.NodeTransformer):
    """Numbers the names that a script stores, in the order in which they stand there, and drops docstrings.

    A name that is also bound in another way, as an argument or by an import, stays as it is: numbered in one scope and
    not in the other, it could make two scripts look alike that are not.
    """

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        stored = dict.fromkeys(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        bound = {name for node in nodes if not isinstance(node, _UNBOUND) for name in _texts(node)}
        self._names = {name: f"name-{number}" for number, name in enumerate(n for n in stored if n not in bound)}

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
