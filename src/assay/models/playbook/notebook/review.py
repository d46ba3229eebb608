"""Critiques by rule: scores say whether a setting is refined or the way it is built changes; edits follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from assay.core.errors import ReplyInvalid
from assay.models.playbook.notebook.foreign_plans import foreign_plans
from assay.models.playbook.notebook.plans import STUCK, Plan, is_ours, own_plans, recognised
from assay.models.playbook.notebook.strategy import mixture_in
from assay.models.roles.notebook import CellEdit, Critique, NotebookCritiqueInputs, Subtask


def critique(inputs: NotebookCritiqueInputs, random: Random) -> Critique:
    """Return the most promising change that no earlier round has tried, within open cells.

    Raises:
        ReplyInvalid: No open cell holds anything that the playbook can change.
    """
    tried = {round.strategy for round in inputs.rounds}
    mixture = mixture_in(inputs.parent.recipe) or (recognised(inputs) if is_ours(inputs) else None)
    known = mixture is not None and is_ours(inputs)
    plans = own_plans(inputs, mixture, random) if known and mixture is not None else foreign_plans(inputs, random)
    usable = (plan for plan in plans if not any(said.startswith(_said(plan)) for said in tried))
    single = mixture is not None and len(mixture.members) == 1
    for plan in usable:
        focus = _focus(inputs.subtasks, [cell for cell, _ in plan.edits])
        if focus is None:
            continue
        decision = plan.decision if focus.fits else "EXPLORE"
        return Critique(
            reflection=_reflection(inputs),
            critique=_critique(inputs, single=single, known=known),
            decision=decision,
            focus=focus.subtask.id,
            title=plan.title[:80],
            strategy=f"{_said(plan)} {plan.reason}",
            edits=tuple(CellEdit(cell=cell, code=code) for cell, code in plan.edits[:8]),
            recipe=plan.recipe,
        )
    raise ReplyInvalid("no open cell holds anything that the playbook knows how to change and has not tried")


# --- words -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Focus:
    subtask: Subtask
    fits: bool
    """Whether its cells hold all edits."""


def _focus(subtasks: Sequence[Subtask], edited: Sequence[str]) -> _Focus | None:
    """Return the narrowest part that holds all edits; else the first, for a change of the whole."""
    whole = [s for s in subtasks if set(edited) <= set(s.cells)]
    if whole:
        return _Focus(min(whole, key=lambda s: len(s.cells)), True)
    return _Focus(subtasks[0], False) if subtasks else None


def _said(plan: Plan) -> str:
    return f"{plan.title.rstrip('.')}."


def _reflection(inputs: NotebookCritiqueInputs) -> str:
    if not inputs.rounds:
        score = inputs.parent.score
        shown = f"{score:.5g}" if score is not None else "no value"
        return f"The notebook scores {shown}; the locked baseline is {inputs.baseline:.5g}. {inputs.diagnosis}"
    last = inputs.rounds[-1]
    gain = f", {last.delta:+.5g} against the locked baseline" if last.delta is not None else ""
    why = f" ({last.problem})" if last.problem else ""
    kept = "its change stays" if last.verdict == "IMPROVED" else "its change was taken back"
    return f"Round {last.number} ended {last.verdict}{gain}{why}; {kept}. {inputs.diagnosis}"


def _critique(inputs: NotebookCritiqueInputs, *, single: bool, known: bool) -> str:
    if not known and not inputs.rounds:
        return "Its model and what it is given were chosen without a comparison with others on these data."
    if single:
        return "It rests on a single model, so whatever that family cannot express stays an error of the whole."
    if inputs.stuck >= STUCK:
        return (
            f"{inputs.stuck} rounds of settings brought nothing: what limits it is how it is built, not a number in it."
        )
    return "Its settings are first guesses: none of them was chosen by a score on these data."
