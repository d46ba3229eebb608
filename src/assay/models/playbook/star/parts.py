"""Ablations, improvements and repairs of mixtures, and what an ablation showed, in sentences."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from assay.core.errors import ReplyInvalid
from assay.core.plain import plain_with_error
from assay.models.playbook.debug import repair_recipe
from assay.models.playbook.draft import baseline
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.shelves import shelf_of
from assay.models.playbook.star.change import drawn, member_part, moves_of, named
from assay.models.playbook.star.mixture import FAMILY, Mixture
from assay.models.playbook.star.order import by_promise, keys_of
from assay.models.playbook.star.solutions import program_of, shortened
from assay.models.playbook.star.weave import render_mixture
from assay.models.roles import AblateInputs, Ablation, DebugInputs, Finding, ImproveInputs, Program, Repair, Variant
from assay.models.roles.star import SummarizeInputs, Summary

_MOST = 4
_MOST_NAME = 60
_MEMBER = re.compile(r"\bin model_(\d+)\b")
_MISSING = re.compile(r"No module named '(\w+)")
_MODULE_OF = {"extra_trees": "sklearn", "random_forest": "sklearn", "cnn": "torch"}


@dataclass(frozen=True, kw_only=True)
class Lesser:
    """A mixture with something left out."""

    part: str
    description: str
    mixture: Mixture
    whole: bool
    """Whether a whole member is left out."""


def is_mixture(recipe: Mapping[str, object]) -> bool:
    """Return whether `recipe` is that of a mixture."""
    return recipe.get("family") == FAMILY


def ablated(inputs: AblateInputs) -> Ablation:
    """Return variants of a mixture without one member, then without parts of the heaviest one."""
    facts = read_facts(inputs.brief)
    mixture = Mixture.from_json(inputs.parent.recipe)
    assert mixture is not None
    known = {finding.part for finding in inputs.studied}
    options = _lesser(mixture, facts)
    fresh = [option for option in options if option.part not in known]
    # Members first, but never without a look into the heaviest of them.
    members, inner = ([o for o in fresh if o.whole is whole] for whole in (True, False))
    chosen = [*members[: _MOST - min(len(inner), 1)], *inner][:_MOST] or options[:_MOST]
    return Ablation(
        variants=tuple(
            Variant(
                part=option.part,
                description=option.description,
                code=render_mixture(
                    option.mixture,
                    facts,
                    title=f"{inputs.parent.title}, without {option.part}",
                    plan=option.description,
                ),
                recipe=option.mixture.to_json(),
            )
            for option in chosen
        )
    )


def _lesser(mixture: Mixture, facts: Facts) -> Sequence[Lesser]:
    found = [
        Lesser(
            part=member_part(mixture, place),
            description="The other models without it.",
            mixture=mixture.without(place),
            whole=True,
        )
        for place in range(len(mixture.members))
    ]
    order = sorted(range(len(mixture.members)), key=lambda place: -mixture.shares[place])
    for place in order:
        member = mixture.members[place]
        found += [
            Lesser(
                part=named(mixture, place, part.name)[:_MOST_NAME],
                description=part.description,
                mixture=mixture.with_member(place, part.without),
                whole=False,
            )
            for part in shelf_of(member.family).parts(member, facts)
            if part.without.key != member.key
        ]
    return found


def improved(inputs: ImproveInputs, random: Random) -> Program:
    """Return a mixture with one change in a member that no earlier trial has, in the order that ablation suggests."""
    facts = read_facts(inputs.brief)
    mixture = Mixture.from_json(inputs.parent.recipe)
    assert mixture is not None
    done = {mixture.key, *keys_of([*inputs.brief.history, *inputs.attempts])}
    moves = by_promise(moves_of(mixture, facts), inputs.findings, inputs.brief)
    # Steps side by side do not see each other: each has moves of its own.
    own = [m for m in moves if zlib.crc32(m.mixture.key.encode()) % inputs.lanes == inputs.lane]
    fresh = next((m for m in (*own, *drawn(mixture, random), *moves) if m.mixture.key not in done), None)
    if fresh is None:
        raise ReplyInvalid("every change within reach of this mixture is tried")
    return program_of(fresh.mixture, facts, title=fresh.title, plan=fresh.reason)


def repaired(inputs: DebugInputs) -> Repair:
    """Return a mixture without the member that failed, or a cheaper one where time or memory ran out."""
    facts = read_facts(inputs.brief)
    mixture = Mixture.from_json(inputs.recipe)
    assert mixture is not None
    cause, mended = _mended(mixture, inputs, facts)
    code = render_mixture(mended, facts, title="Mixture, repaired", plan=cause)
    return Repair(cause=cause, code=code, recipe=mended.to_json())


def _mended(mixture: Mixture, inputs: DebugInputs, facts: Facts) -> tuple[str, Mixture]:
    count = len(mixture.members)
    if inputs.round >= 3:
        idea = baseline(facts, "boosting")
        return "No repair helped: a plain model takes its place.", Mixture(members=(idea.recipe,), titles=(idea.title,))
    if inputs.outcome in ("timeout", "memory", "disk"):
        return _cheaper(mixture, inputs, facts)
    if missing := _MISSING.search(inputs.error):
        kept = [k for k, m in enumerate(mixture.members) if missing[1] not in (m.model, _MODULE_OF.get(m.model))]
        if kept and len(kept) < count:
            return f"{missing[1]} is not installed here, so the models that need it are left out.", mixture.only(kept)
    blamed = _MEMBER.findall(inputs.error)
    place = int(blamed[-1]) - 1 if blamed else count - 1
    if not inputs.same_as_before and place < count:
        cause, recipe = repair_recipe(facts, inputs, mixture.members[place])
        if recipe.model == mixture.members[place].model:
            return f"In model {place + 1}: {cause}", mixture.with_member(place, recipe)
    return f"Model {place + 1} failed on this data, so it is left out.", mixture.without(min(place, count - 1))


def _cheaper(mixture: Mixture, inputs: DebugInputs, facts: Facts) -> tuple[str, Mixture]:
    what = "The script took too long" if inputs.outcome == "timeout" else f"The script needed too much {inputs.outcome}"
    if mixture.holdout:
        equal = Mixture(members=mixture.members, titles=mixture.titles, scale=mixture.scale)
        return f"{what}: equal weights, so that each model is trained once.", equal
    if inputs.round == 1 and not inputs.same_as_before:
        ladders = [shelf_of(m.family).cheaper(m, facts) for m in mixture.members]
        members = tuple(next(iter(c), m) for c, m in zip(ladders, mixture.members, strict=True))
        cheaper = Mixture(members=members, titles=mixture.titles, weights=mixture.weights, scale=mixture.scale)
        return f"{what}: a cheaper version of each model.", cheaper
    return f"{what}: the heaviest model alone.", mixture.only([mixture.shares.index(max(mixture.shares))])


def summarized(inputs: SummarizeInputs) -> Summary:
    """Return what helps, what hurts and what cannot be told from luck, by the measured effects and their noise."""
    measured = [f for f in inputs.findings if f.effect is not None]
    order = sorted(measured, key=lambda f: -abs(f.effect or 0.0))
    helps, hurts, flat = ([f for f in order if _sign(f) == sign] for sign in (1, -1, 0))
    failed = [f for f in inputs.findings if f.effect is None]
    metric = inputs.brief.task.metric.name
    said = []
    if helps:
        said.append(f"These carry the score ({metric} lost without them): {_listed(helps)}.")
    if hurts:
        said.append(f"The script is better without: {_listed(hurts)}.")
    if flat:
        said.append(f"No effect beyond noise: {_listed(flat)}.")
    if failed:
        said.append(f"Without these the script failed, so nothing is known: {', '.join(f.part for f in failed)}.")
    if helps:
        said.append(f"More work on {helps[0].part} promises most.")
    elif hurts:
        said.append(f"Leaving out {hurts[0].part} comes first.")
    else:
        said.append("No part stands out; the settings of the model are the next thing to try.")
    if inputs.earlier:
        said.append("Earlier ablations on this path: " + shortened(" ".join(inputs.earlier[-1].split())))
    return Summary(summary=" ".join(said))


def _sign(finding: Finding) -> int:
    effect, noise = finding.effect or 0.0, finding.noise or 0.0
    return 0 if abs(effect) <= noise else (1 if effect > 0 else -1)


def _listed(findings: Sequence[Finding]) -> str:
    return ", ".join(f"{f.part} ({plain_with_error(f.effect or 0.0, f.noise, 3, '+')})" for f in findings)
