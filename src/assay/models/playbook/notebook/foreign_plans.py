"""Plans for a notebook of somebody else: another model in its place, another estimator in it, another number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.notebook.cells import SLOTS
from assay.models.playbook.notebook.host import Host, hosts_of
from assay.models.playbook.notebook.plans import Plan, in_order
from assay.models.playbook.notebook.plant import can_plant, planted_cell, planted_in, planted_recipe
from assay.models.playbook.notebook.swap import swaps
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.mixture import Mixture, Scale
from assay.models.playbook.star.tweaks import tweaks
from assay.models.roles.notebook import Decision, NotebookCritiqueInputs


def foreign_plans(inputs: NotebookCritiqueInputs, random: Random) -> Iterator[Plan]:
    """Yield another model in the place of the notebook's, then other estimators in it, then one number at a time."""
    facts = read_facts(inputs.brief)
    if can_plant(facts):
        yield from _planted_plans(inputs, facts, random)
    yield from _swap_plans(inputs, facts)
    yield from _tweak_plans(inputs)


def _planted_plans(inputs: NotebookCritiqueInputs, facts: Facts, random: Random) -> Iterator[Plan]:
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
) -> Iterator[Plan]:
    """Yield neighbours of what is planted already."""
    host, before, mixture = standing
    tried = {one[2].key for t in inputs.brief.history if (one := planted_in(t.recipe)) is not None} | {mixture.key}
    for move, decision in in_order(inputs, mixture, facts, random):
        # In one function there are no rows set aside and no places in an order: shares are given.
        changed = replace(move.mixture, holdout=False, scale=Scale.MEAN)
        if changed.key not in tried and len(changed.members) <= SLOTS:
            tried.add(changed.key)
            yield _planted_plan(move.title, move.reason, decision, (host, before, changed), facts)


def _planted_plan(
    title: str, reason: str, decision: Decision, planted: tuple[Host, str, Mixture], facts: Facts
) -> Plan:
    edits = ((planted[0].cell, planted_cell(*planted, facts)),)
    return Plan(title=title, reason=reason, decision=decision, edits=edits, recipe=planted_recipe(*planted))


def _swap_plans(inputs: NotebookCritiqueInputs, facts: Facts) -> Iterator[Plan]:
    for cell in inputs.cells:
        for swap in swaps(cell.code, facts) if not cell.locked else ():
            title, edits = f"{cell.name or cell.id}: {swap.title}", ((cell.id, swap.code),)
            recipe = dict(inputs.parent.recipe)
            yield Plan(title=title, reason=swap.reason, decision="EXPLORE", edits=edits, recipe=recipe)


def _tweak_plans(inputs: NotebookCritiqueInputs) -> Iterator[Plan]:
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
                yield Plan(title=title, reason=tweak.reason, decision="REFINE", edits=edits, recipe=recipe)
