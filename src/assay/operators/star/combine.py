"""Ensembles: a plan for combining the solutions of all paths, and one script that carries it out."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.candidate import Candidate
from assay.engine.session import Step
from assay.journal.history import Trial
from assay.models.roles import EnsembleInputs, EnsemblePlanInputs, Plan
from assay.operators.brief import brief
from assay.operators.expect import expect
from assay.operators.propose import script
from assay.operators.star.refine import Tried, attempts
from assay.operators.star.start import solutions


def plan_ensemble(step: Step, members: Sequence[Trial], tried: Sequence[Tried]) -> Plan:
    """Return how to combine `members`, in view of earlier plans and what came of them."""
    inputs = EnsemblePlanInputs(
        brief=brief(step, "plan"),
        solutions=solutions(step, members),
        attempts=attempts(tried),
    )
    return expect(step.ask("plan", "ensemble_plan", inputs), Plan)


def ensemble(step: Step, members: Sequence[Trial], plan: Plan, index: int) -> Candidate:
    """Return one script that combines `members` as planned; `index` counts the rounds."""
    inputs = EnsembleInputs(
        brief=brief(step, "ensemble"),
        plan=plan.plan,
        solutions=solutions(step, members),
        index=index,
    )
    reply = step.ask("ensemble", "ensemble", inputs)
    return script(reply, operator="ensemble", parents=tuple(member.number for member in members))
