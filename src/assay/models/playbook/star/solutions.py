"""What the playbook knows of a script that was run, and how it writes one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.models.playbook.facts import Facts
from assay.models.playbook.star.mixture import Mixture
from assay.models.playbook.star.passages import is_same
from assay.models.playbook.star.weave import render_mixture
from assay.models.roles import Program

MOST_TITLE = 80


def known_mixture(recipe: Mapping[str, Any], code: str, facts: Facts, title: str = "") -> Mixture | None:
    """Return what `code` was rendered from, or None where the text is not the recipe's any more.

    Args:
        recipe: Of the trial, empty for scripts of other authors.
        code: The trial's script.
        facts: Of its task.
        title: What a single recipe is called.
    """
    mixture = Mixture.from_json(recipe, title=title)
    if mixture is None or not is_same(code, render_mixture(mixture, facts, title="x", plan="x")):
        return None
    return mixture


def program_of(mixture: Mixture, facts: Facts, *, title: str, plan: str) -> Program:
    """Return the program that `mixture` stands for."""
    title = shortened(title)
    code = render_mixture(mixture, facts, title=title, plan=plan)
    return Program(title=title, plan=plan, code=code, recipe=mixture.to_json())


def shortened(title: str) -> str:
    """Return `title` cut to what a title may have."""
    return title if len(title) <= MOST_TITLE else title[: MOST_TITLE - 4].rstrip() + " ..."
