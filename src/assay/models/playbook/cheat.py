"""A script that cheats on purpose, for demonstrations: the checks and the sandbox must stop it."""

from __future__ import annotations

from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.render import render
from assay.models.roles import Program

CHEAT_TITLE = "Read the answers (cheats on purpose)"


def cheating_program(facts: Facts) -> Program:
    """Return a program that looks for the private answers and learns nothing.

    Args:
        facts: Of the task whose answers it looks for.
    """
    plan = "Shows what happens to a script that cheats: it opens the private answers instead of learning anything."
    recipe = Recipe(family=facts.family, model="cheat")
    code = render(recipe, facts, title=CHEAT_TITLE, plan=plan)
    return Program(title=CHEAT_TITLE, plan=plan, code=code, recipe=recipe.to_json())
