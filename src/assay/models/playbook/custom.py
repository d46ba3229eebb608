"""The shelf for tasks that no table describes: the playbook can hand in the sample, and says so."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Idea, Part

FAMILY = "custom"


class CustomShelf:
    """Only a valid file: what such data mean is beyond recipes; a language model has to take over."""

    def baseline(self, facts: Facts) -> Idea:
        """Return the sample submission."""
        reason = "The playbook has no recipe for data of this kind; the sample file is valid at least."
        return Idea(recipe=Recipe(family=FAMILY, model="sample"), title="Sample submission as it is", reason=reason)

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return the sample submission; there is nothing else to try."""
        return [self.baseline(facts)]

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return nothing: a sample has no settings."""
        return []

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return nothing: a sample has no parts."""
        return []

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return nothing: it costs nothing."""
        return []
