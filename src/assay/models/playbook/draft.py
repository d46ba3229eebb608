"""Baselines and drafts: where a run starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Idea
from assay.models.playbook.shelves import shelf_for, shelf_of
from assay.models.roles import TrialSummary


def baseline(facts: Facts, name: str) -> Idea:
    """Return the baseline `name`: `constant` or `boosting`."""
    if name == "constant" and facts.family is not Family.CUSTOM:
        recipe = Recipe(family=facts.family, model="constant", options=_log_options(facts))
        reason = "What can be said without looking at any feature: every other trial must beat it."
        return Idea(recipe=recipe, title="Constant prediction", reason=reason)
    return shelf_for(facts).baseline(facts)


def draft(facts: Facts, history: Iterable[TrialSummary], index: int, random: Random) -> Idea:
    """Return the draft number `index`, or the next one that is not in `history`.

    Beyond the last draft, one of them is moved a few random steps: each has had its turn by then, though a step
    beside this one may be at it still.
    """
    tried = recipe_keys(history)
    ideas = shelf_for(facts).drafts(facts)
    order = [*ideas[index:], *ideas[:index]] if index < len(ideas) else []
    fresh = next((idea for idea in order if idea.recipe.key not in tried), None)
    return fresh or wander(facts, random.choice(ideas).recipe, tried, random)


def wander(facts: Facts, start: Recipe, tried: set[str], random: Random) -> Idea:
    """Return a recipe that is not in `tried`, a few random moves away from `start`.

    Numbers move by random factors, so a walk finds something new; where `start` has few moves, the walk starts at
    another draft.
    """
    drafts = [idea.recipe for idea in shelf_of(start.family).drafts(facts)]
    for origin in [start, *random.sample(drafts, len(drafts)), *drafts]:
        found = _walk(facts, origin, tried, random)
        if found is not None:
            return found
    return Idea(recipe=start, title="The same again", reason="Every setting within reach is tried.")


def _walk(facts: Facts, start: Recipe, tried: set[str], random: Random) -> Idea | None:
    recipe, titles = start, []
    for step in range(12):
        moves = shelf_of(start.family).moves(recipe, facts)
        if not moves:
            return None
        move = random.choice(moves)
        recipe = _jitter(move.recipe, random)
        titles.append(move.title)
        if step >= 1 and recipe.key not in tried:
            title = f"Random moves: {'; '.join(titles[-2:])}"[:80]
            reason = "The planned settings are all tried, so this one is drawn at random around one of them."
            return Idea(recipe=recipe, title=title, reason=reason)
    return None


def recipe_keys(history: Iterable[TrialSummary]) -> set[str]:
    """Return the keys of the recipes of earlier trials."""
    found = (Recipe.from_json(trial.recipe) for trial in history)
    return {recipe.key for recipe in found if recipe is not None}


def _jitter(recipe: Recipe, random: Random) -> Recipe:
    """Move one real-valued argument by up to a third, so that a walk does not return to where it was."""
    names: Sequence[str] = [n for n, v in recipe.params.items() if isinstance(v, float)]
    if not names:
        return recipe
    name = random.choice(names)
    value = float(recipe.params[name]) * random.uniform(0.75, 1.33)
    bounded = min(value, 1.0) if name in ("colsample_bytree", "subsample", "max_features") else value
    return recipe.with_params(**{name: float(f"{bounded:.3g}")})


def _log_options(facts: Facts) -> dict[str, str]:
    return {"target": "log"} if facts.loss == "log" and facts.shape == "regression" else {}
