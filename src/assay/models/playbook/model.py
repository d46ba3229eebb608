"""Playbook: a model that answers every role from recipes, without a language model and without a network."""

from __future__ import annotations

from random import Random

from pydantic import BaseModel

from assay.core.errors import ReplyInvalid
from assay.models.base import Answer, R, Request
from assay.models.playbook import code_tasks, foreign
from assay.models.playbook.ablate import parts_to_study
from assay.models.playbook.debug import repair_recipe
from assay.models.playbook.draft import baseline, draft
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.improve import improve
from assay.models.playbook.lab import lab_reply
from assay.models.playbook.notebook import notebook_reply
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.render import render
from assay.models.playbook.shelf import Idea
from assay.models.playbook.star import star_reply
from assay.models.roles import (
    AblateInputs,
    Ablation,
    BaselineInputs,
    DebugInputs,
    DraftInputs,
    ImproveInputs,
    Program,
    Repair,
    TaskReviewInputs,
    TaskWriteInputs,
    Variant,
)


class Playbook:
    """Answers the roles of every search, `mle_star` and notebooks included; equal requests get equal answers.

    Of code tasks it reviews by rules and writes documents that tell verified results; it writes no experiment and
    mends no code, since it does not read what a task asks for.

    It knows what a practitioner tries on tables, texts, forecasts, small images and rows of many targets. It reads
    the profile of the data, never the data, so that its scripts adapt at run time to what the profile does not tell.
    """

    name = "playbook"

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request` from its inputs; all randomness comes from its seed.

        Raises:
            ReplyInvalid: The role is none that the playbook knows.
        """
        reply = _reply(request.inputs, Random(request.seed))
        if not isinstance(reply, request.reply_type):
            raise ReplyInvalid(
                f"the playbook has no answer of type {request.reply_type.__name__} for role {request.role!r}"
            )
        return Answer(reply=reply, model=self.name)


def _reply(inputs: BaseModel, random: Random) -> BaseModel | None:
    of_strategy = star_reply(inputs, random) or lab_reply(inputs, random) or notebook_reply(inputs, random)
    if of_strategy is not None:
        return of_strategy
    match inputs:
        case BaselineInputs():
            facts = read_facts(inputs.brief)
            return _program(baseline(facts, inputs.name), facts)
        case DraftInputs():
            facts = read_facts(inputs.brief)
            return _program(draft(facts, inputs.brief.history, inputs.index, random), facts)
        case ImproveInputs():
            return _improved(inputs, random)
        case DebugInputs():
            return _repaired(inputs)
        case AblateInputs():
            return _ablated(inputs)
        case TaskReviewInputs():
            return code_tasks.review(inputs)
        case TaskWriteInputs():
            return code_tasks.write(inputs)
    return None


def _improved(inputs: ImproveInputs, random: Random) -> Program:
    facts = read_facts(inputs.brief)
    parent = Recipe.from_json(inputs.parent.recipe)
    if parent is None or parent.model in ("constant", "cheat"):
        # A script of somebody else's, or one with nothing to tune: a start of our own is the best change.
        return _program(draft(facts, [*inputs.brief.history, *inputs.attempts], inputs.index, random), facts)
    return _program(improve(facts, inputs, parent, random), facts)


def _repaired(inputs: DebugInputs) -> Repair:
    facts = read_facts(inputs.brief)
    recipe = Recipe.from_json(inputs.recipe)
    if recipe is None:
        patched = foreign.repair(inputs)
        if patched is not None:
            return Repair(cause=patched.cause, code=patched.code, recipe={})
        recipe = baseline(facts, "boosting" if inputs.round < 3 else "constant").recipe
        cause = "No known repair fits, so a plain script of the playbook takes its place."
    else:
        cause, recipe = repair_recipe(facts, inputs, recipe)
    code = render(recipe, facts, title=f"{recipe.model.replace('_', ' ')}, repaired", plan=cause)
    return Repair(cause=cause, code=code, recipe=recipe.to_json())


def _ablated(inputs: AblateInputs) -> Ablation:
    facts = read_facts(inputs.brief)
    recipe = Recipe.from_json(inputs.parent.recipe)
    parts = parts_to_study(facts, recipe, inputs.studied) if recipe is not None else ()
    if parts:
        return Ablation(
            variants=tuple(
                Variant(
                    part=part.name,
                    description=part.description,
                    code=render(
                        part.without, facts, title=f"{inputs.parent.title}, without {part.name}", plan=part.description
                    ),
                    recipe=part.without.to_json(),
                )
                for part in parts
            )
        )
    found = foreign.ablations(inputs.code, inputs.studied)
    if found:
        return Ablation(
            variants=tuple(Variant(part=a.part, description=a.description, code=a.code, recipe={}) for a in found)
        )
    # Nothing can be left out of it: measure the whole against the plain model.
    plain = baseline(facts, "boosting")
    code = render(plain.recipe, facts, title=plain.title, plan=plain.reason)
    text = "The plain boosting baseline stands in for the whole script."
    return Ablation(variants=(Variant(part="everything", description=text, code=code, recipe=plain.recipe.to_json()),))


def _program(idea: Idea, facts: Facts) -> Program:
    code = render(idea.recipe, facts, title=idea.title, plan=idea.reason)
    return Program(title=idea.title[:80], plan=idea.reason, code=code, recipe=idea.recipe.to_json())
