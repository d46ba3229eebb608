"""Plans: what can be changed in a notebook that the playbook wrote, the most promising first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.notebook.cells import SLOTS, cells_of, model_id
from assay.models.playbook.notebook.strategy import KEY, mixture_in
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.change import Move, drawn, moves_of
from assay.models.playbook.star.mixture import Mixture, Scale
from assay.models.playbook.star.order import by_promise
from assay.models.playbook.star.weave import can_hold_out
from assay.models.roles.notebook import Decision, NotebookCritiqueInputs

STUCK = 2
"""So many rounds without a gain say that settings are not what is missing."""
_ORDER_METRICS = ("auc", "average_precision", "spearman")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A change of a notebook."""

    title: str
    reason: str
    decision: Decision
    edits: tuple[tuple[str, str], ...]
    """Cell and its new text."""
    recipe: dict[str, Any]


def is_ours(inputs: NotebookCritiqueInputs) -> bool:
    """Return whether the cells are those that the playbook writes, and open."""
    return {model_id(0), "combine"} <= {cell.id for cell in inputs.cells if not cell.locked}


def recognised(inputs: NotebookCritiqueInputs) -> Mixture | None:
    """Return the draft whose cells these are, where a notebook comes as a file and has lost its recipe."""
    facts = read_facts(inputs.brief)
    codes = {cell.id: _untitled(cell.code) for cell in inputs.cells}
    for draft in shelf_for(facts).drafts(facts):
        mixture = Mixture(members=(draft.recipe,), titles=(draft.title,))
        made = cells_of(mixture, facts)
        if all(_untitled(made[name]) == codes.get(name) for name in (model_id(0), "combine")):
            return mixture
    return None


def _untitled(code: str) -> str:
    """Return a cell without its function's own docstring, which holds a title."""
    return "\n".join(line for line in code.strip().splitlines() if not line.startswith('    """'))


def own_plans(inputs: NotebookCritiqueInputs, mixture: Mixture, random: Random) -> Iterator[Plan]:
    """Yield the neighbours of the playbook's own notebook that no trial has tried, within open cells."""
    facts = read_facts(inputs.brief)
    tried = {one.key for t in inputs.brief.history if (one := mixture_in(t.recipe)) is not None} | {mixture.key}
    locked = {cell.id for cell in inputs.cells if cell.locked}
    present = {cell.id for cell in inputs.cells}
    old = cells_of(mixture, facts)
    for move, decision in in_order(inputs, mixture, facts, random):
        if move.mixture.key in tried or len(move.mixture.members) > SLOTS:
            continue
        new = cells_of(move.mixture, facts)
        changed = tuple((name, code) for name, code in new.items() if code != old[name])
        names = {name for name, _ in changed}
        if changed and names <= present and not names & locked:
            recipe = {KEY: move.mixture.to_json()}
            yield Plan(title=move.title, reason=move.reason, decision=decision, edits=changed, recipe=recipe)


def in_order(
    inputs: NotebookCritiqueInputs, mixture: Mixture, facts: Facts, random: Random
) -> Iterator[tuple[Move, Decision]]:
    """Yield the neighbours of a mixture: how it is built first where that is the limit, else its settings first."""
    built, settings = _builds(mixture, facts), by_promise(moves_of(mixture, facts), (), inputs.brief)
    refine = [(move, "REFINE") for move in settings if not move.drops]
    explore = [(move, "EXPLORE") for move in built]
    explores = len(mixture.members) == 1 or inputs.stuck >= STUCK
    order = [*explore, *refine] if explores else [*refine, *explore]
    order += [(move, "REFINE") for move in settings if move.drops]
    order += [(move, "REFINE") for move in drawn(mixture, random)]
    yield from order  # type: ignore[misc]


def _builds(mixture: Mixture, facts: Facts) -> Sequence[Move]:
    """Return changes of the way it is built: another model beside it, other weights, another scale, another model."""
    found: list[Move] = []
    have = {member.key for member in mixture.members}
    kinds = {member.model for member in mixture.members}
    fresh = [draft for draft in shelf_for(facts).drafts(facts) if draft.recipe.key not in have]
    fresh.sort(key=lambda draft: draft.recipe.model in kinds)
    held = can_hold_out(facts)
    if len(mixture.members) < SLOTS:
        found += [
            Move(
                mixture=replace(
                    mixture,
                    members=(*mixture.members, draft.recipe),
                    titles=(*mixture.titles, draft.title),
                    weights=(),
                    holdout=held,
                ),
                title=f"Add a model that errs differently: {draft.title}",
                reason=draft.reason,
                part="",
            )
            for draft in fresh
        ]
    several = len(mixture.members) > 1
    if several and held:
        words = "Average the models in equal parts" if mixture.holdout else "Find the weights on rows set aside"
        changed = replace(mixture, holdout=not mixture.holdout, weights=())
        found.append(
            Move(mixture=changed, title=words, reason="Weights that fit chance cost more than they give.", part="")
        )
    if several and any(word in facts.task.metric.name for word in _ORDER_METRICS):
        other = Scale.MEAN if mixture.scale is Scale.RANK else Scale.RANK
        words = "Average places in the order" if other is Scale.RANK else "Average the predictions as they are"
        found.append(
            Move(mixture=replace(mixture, scale=other), title=words, reason="The metric sees order only.", part="")
        )
    last = len(mixture.members) - 1
    found += [
        Move(
            mixture=replace(mixture.with_member(last, draft.recipe), titles=(*mixture.titles[:last], draft.title)),
            title=f"Put another model in place of model {last + 1}: {draft.title}",
            reason=draft.reason,
            part="",
        )
        for draft in fresh
    ]
    return found
