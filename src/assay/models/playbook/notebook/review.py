"""Critiques by rule: scores say whether a setting is refined or the way it is built changes; edits follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from assay.core.errors import ReplyInvalid
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.notebook.cells import SLOTS, cells_of, model_id
from assay.models.playbook.notebook.host import Host, hosts_of
from assay.models.playbook.notebook.plant import can_plant, planted_cell, planted_in, planted_recipe
from assay.models.playbook.notebook.strategy import KEY, mixture_in
from assay.models.playbook.notebook.swap import swaps
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.change import Move, drawn, moves_of
from assay.models.playbook.star.mixture import Mixture, Scale
from assay.models.playbook.star.order import by_promise
from assay.models.playbook.star.tweaks import tweaks
from assay.models.playbook.star.weave import can_hold_out
from assay.models.roles.notebook import CellEdit, Critique, Decision, NotebookCritiqueInputs, Subtask

STUCK = 2
"""So many rounds without a gain say that settings are not what is missing."""
_ORDER_METRICS = ("auc", "average_precision", "spearman")


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A change of the notebook."""

    title: str
    reason: str
    decision: Decision
    edits: tuple[tuple[str, str], ...]
    """Cell and its new text."""
    recipe: dict[str, Any]


def critique(inputs: NotebookCritiqueInputs, random: Random) -> Critique:
    """Return the most promising change that no earlier round has tried, within open cells.

    Raises:
        ReplyInvalid: No open cell holds anything that the playbook can change.
    """
    tried = {round.strategy for round in inputs.rounds}
    mixture = mixture_in(inputs.parent.recipe) or (_recognised(inputs) if _is_ours(inputs) else None)
    known = mixture is not None and _is_ours(inputs)
    plans = _own_plans(inputs, mixture, random) if known and mixture is not None else _foreign_plans(inputs, random)
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


# --- notebooks that the playbook wrote -------------------------------------------------------------------------------


def _is_ours(inputs: NotebookCritiqueInputs) -> bool:
    return {model_id(0), "combine"} <= {cell.id for cell in inputs.cells if not cell.locked}


def _recognised(inputs: NotebookCritiqueInputs) -> Mixture | None:
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


def _own_plans(inputs: NotebookCritiqueInputs, mixture: Mixture, random: Random) -> Iterator[_Plan]:
    facts = read_facts(inputs.brief)
    tried = {one.key for t in inputs.brief.history if (one := mixture_in(t.recipe)) is not None} | {mixture.key}
    locked = {cell.id for cell in inputs.cells if cell.locked}
    present = {cell.id for cell in inputs.cells}
    old = cells_of(mixture, facts)
    for move, decision in _in_order(inputs, mixture, facts, random):
        if move.mixture.key in tried or len(move.mixture.members) > SLOTS:
            continue
        new = cells_of(move.mixture, facts)
        changed = tuple((name, code) for name, code in new.items() if code != old[name])
        names = {name for name, _ in changed}
        if changed and names <= present and not names & locked:
            recipe = {KEY: move.mixture.to_json()}
            yield _Plan(title=move.title, reason=move.reason, decision=decision, edits=changed, recipe=recipe)


def _in_order(
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


# --- notebooks of others ---------------------------------------------------------------------------------------------


def _foreign_plans(inputs: NotebookCritiqueInputs, random: Random) -> Iterator[_Plan]:
    """Yield another model in the place of the notebook's, then other estimators in it, then one number at a time."""
    facts = read_facts(inputs.brief)
    if can_plant(facts):
        yield from _planted_plans(inputs, facts, random)
    yield from _swap_plans(inputs, facts)
    yield from _tweak_plans(inputs)


def _planted_plans(inputs: NotebookCritiqueInputs, facts: Facts, random: Random) -> Iterator[_Plan]:
    codes = {cell.id: cell.code for cell in inputs.cells if not cell.locked}
    standing = planted_in(inputs.parent.recipe)
    if standing is not None:
        host, before, mixture = standing
        if codes.get(host.cell, "").strip() == planted_cell(host, before, mixture, facts).strip():
            yield from _grown(inputs, standing, facts, random)
            return
    for draft in shelf_for(facts).drafts(facts):
        mixture = Mixture(members=(draft.recipe,), titles=(draft.title,))
        for host in hosts_of(inputs.cells, facts)[:1]:
            title = f"Put in place of what makes `{host.name}`: {draft.title}"
            yield _planted_plan(title, draft.reason, "EXPLORE", (host, codes[host.cell], mixture), facts)


def _grown(
    inputs: NotebookCritiqueInputs, standing: tuple[Host, str, Mixture], facts: Facts, random: Random
) -> Iterator[_Plan]:
    """Yield neighbours of what is planted already."""
    host, before, mixture = standing
    tried = {one[2].key for t in inputs.brief.history if (one := planted_in(t.recipe)) is not None} | {mixture.key}
    for move, decision in _in_order(inputs, mixture, facts, random):
        # In one function there are no rows set aside and no places in an order: shares are given.
        changed = replace(move.mixture, holdout=False, scale=Scale.MEAN)
        if changed.key not in tried and len(changed.members) <= SLOTS:
            tried.add(changed.key)
            yield _planted_plan(move.title, move.reason, decision, (host, before, changed), facts)


def _planted_plan(
    title: str, reason: str, decision: Decision, planted: tuple[Host, str, Mixture], facts: Facts
) -> _Plan:
    edits = ((planted[0].cell, planted_cell(*planted, facts)),)
    return _Plan(title=title, reason=reason, decision=decision, edits=edits, recipe=planted_recipe(*planted))


def _swap_plans(inputs: NotebookCritiqueInputs, facts: Facts) -> Iterator[_Plan]:
    for cell in inputs.cells:
        for swap in swaps(cell.code, facts) if not cell.locked else ():
            title, edits = f"{cell.name or cell.id}: {swap.title}", ((cell.id, swap.code),)
            recipe = dict(inputs.parent.recipe)
            yield _Plan(title=title, reason=swap.reason, decision="EXPLORE", edits=edits, recipe=recipe)


def _tweak_plans(inputs: NotebookCritiqueInputs) -> Iterator[_Plan]:
    """Yield one change of one open cell each, in turns over the cells, the most urgent parts first."""
    rank: dict[str, int] = {}
    for at, subtask in enumerate(inputs.subtasks):
        for name in subtask.cells if len(subtask.cells) == 1 else ():
            rank.setdefault(name, at)
    free = sorted((c for c in inputs.cells if not c.locked), key=lambda c: rank.get(c.id, len(rank)))
    lists = [(cell, list(tweaks(cell.code))) for cell in free]
    for turn in range(max((len(found) for _, found in lists), default=0)):
        for cell, found in lists:
            if turn < len(found):
                tweak = found[turn]
                title = f"{cell.name or cell.id}: {tweak.title}"
                edits = ((cell.id, tweak.code.rstrip() + "\n"),)
                recipe = dict(inputs.parent.recipe)
                yield _Plan(title=title, reason=tweak.reason, decision="REFINE", edits=edits, recipe=recipe)


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


def _said(plan: _Plan) -> str:
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
