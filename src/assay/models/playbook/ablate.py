"""Ablations: the same script with one part left out or made plain."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Part
from assay.models.playbook.shelves import shelf_of
from assay.models.roles import Finding

MOST = 4
"""Variants in one answer."""


def parts_to_study(facts: Facts, recipe: Recipe, studied: Sequence[Finding]) -> Sequence[Part]:
    """Return up to four parts of `recipe`, those not yet in `studied` first; never a variant equal to the recipe."""
    parts = [part for part in shelf_of(recipe.family).parts(recipe, facts) if part.without.key != recipe.key]
    known = {finding.part for finding in studied}
    fresh = [part for part in parts if part.name not in known]
    return (fresh or parts)[:MOST]
