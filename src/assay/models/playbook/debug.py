"""Repairs: a cheaper, plainer or corrected version of a script that failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assay.models.playbook.draft import baseline
from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelves import shelf_for, shelf_of
from assay.models.roles import DebugInputs

_MISSING = re.compile(r"No module named '([\w.]+)'")
_PACKAGE_OF = {"catboost": "catboost", "xgboost": "xgboost", "lightgbm": "lightgbm", "torch": "cnn"}


def repair_recipe(facts: Facts, inputs: DebugInputs, recipe: Recipe) -> tuple[str, Recipe]:
    """Return the cause in a sentence, and a recipe that should run where `recipe` failed."""
    if missing := _MISSING.search(inputs.error):
        module = missing[1].partition(".")[0]
        return f"{module} is not installed here, so another model takes its place.", _without(facts, recipe, module)
    costs = {
        "timeout": "The script took too long: fewer rounds and folds.",
        "memory": "The script needed too much memory: fewer and smaller models.",
        "disk": "The script wrote too much: a plainer model.",
    }
    if inputs.outcome in costs:
        return costs[inputs.outcome], _cheaper(facts, inputs, recipe)
    step = _blamed(recipe, inputs.error) if not inputs.same_as_before else None
    if step is not None:
        return f"The step {step} failed on this data, so it is left out.", recipe.without_feature(step)
    return "The script failed on this data, so a plainer one takes its place.", _plainer(facts, inputs, recipe)


def _without(facts: Facts, recipe: Recipe, module: str) -> Recipe:
    model = _PACKAGE_OF.get(module, module)
    drafts = [idea.recipe for idea in shelf_for(facts).drafts(facts)]
    return next((r for r in drafts if r.model not in (model, recipe.model)), baseline(facts, "constant").recipe)


def _cheaper(facts: Facts, inputs: DebugInputs, recipe: Recipe) -> Recipe:
    ladder: Sequence[Recipe] = [r for r in shelf_of(recipe.family).cheaper(recipe, facts) if r.key != recipe.key]
    if inputs.same_as_before and ladder:
        return ladder[-1]
    # The first repair may take one step down; a second failure needs a bigger one, and nothing is tried twice.
    return ladder[inputs.round - 1] if inputs.round <= len(ladder) else baseline(facts, "constant").recipe


def _plainer(facts: Facts, inputs: DebugInputs, recipe: Recipe) -> Recipe:
    plain = shelf_for(facts).baseline(facts).recipe
    if inputs.round >= 3 or plain.key == recipe.key:
        return baseline(facts, "constant").recipe
    return plain


def _blamed(recipe: Recipe, error: str) -> str | None:
    """Return the step whose code stands in the traceback, if one does."""
    marks = {
        "neighbours": "neighbour_means",
        "comparables": "comparables",
        "clusters": "areas",
        "target_encoding": "encoder",
        "dates": "when",
        "text": "svd",
        "splines": "Spline",
        "style": "style_counts",
        "ratios": "_per_",
        "counts": "_count",
    }
    return next((step for step in recipe.features if step in marks and marks[step] in error), None)
