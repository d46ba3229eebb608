"""Ensembles: a plan for combining the solutions of all paths, and one script that carries it out."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from assay.core.candidate import Candidate
from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.engine.weak_spots import weak_spots
from assay.journal.history import Trial
from assay.models.roles import Ensembled, EnsembleInputs, EnsemblePlanInputs, Plan
from assay.operators.brief import brief
from assay.operators.expect import expect
from assay.operators.propose import script
from assay.operators.star.refine import Tried, attempts
from assay.operators.star.start import solutions


def plan_ensemble(step: Step, members: Sequence[Trial], tried: Sequence[Tried]) -> Plan:
    """Return how to combine `members`, in view of earlier plans and what came of them."""
    spots = weak_spots(step.session, members)
    inputs = EnsemblePlanInputs(
        brief=brief(step, "plan"),
        solutions=solutions(step, members, spots),
        attempts=attempts(tried),
        alike=spots.alike,
    )
    return expect(step.ask("plan", "ensemble_plan", inputs), Plan)


def ensemble(step: Step, members: Sequence[Trial], plan: Plan, index: int) -> Candidate:
    """Return one script that combines `members` as planned; `index` counts the rounds.

    Raises:
        NoAnswer: Nothing usable came back, or a script of one member alone: that was run already, and running it again
            would count as an ensemble what is none.
    """
    inputs = EnsembleInputs(
        brief=brief(step, "ensemble"),
        plan=plan.plan,
        solutions=solutions(step, members),
        index=index,
    )
    reply = expect(step.ask("ensemble", "ensemble", inputs), Ensembled)
    held = tuple(member.number for member in members if member.number in reply.members)
    same = next((s.trial.number for s in inputs.solutions if is_same_program(s.code, reply.code)), None)
    if len(held) == 1 or same is not None:
        alone = held[0] if len(held) == 1 else same
        raise NoAnswer(f"only #{alone} is left in it, and #{alone} was run already")
    return script(reply, operator="ensemble", parents=held or tuple(member.number for member in members))


def is_same_program(code: str, other: str) -> bool:
    """Return whether two scripts differ in nothing but comments, layout and docstrings."""
    return code == other or _bare(code) == _bare(other)


def _bare(code: str) -> str:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return code
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
