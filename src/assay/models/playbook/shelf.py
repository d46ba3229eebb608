"""Shelf: what each family of tasks brings: drafts, neighbouring settings, and the parts that can be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Idea:
    """A recipe with its name and its reason."""

    recipe: Recipe
    title: str
    """At most 80 characters."""
    reason: str
    """Why it should work, in a sentence or two."""
    part: str = ""
    """The part of a parent that a move strengthens; findings on that part bring it forward."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something of a recipe that can be left out or made plain."""

    name: str
    """At most 60 characters; findings refer to it."""
    description: str
    """What stands in its place, in a sentence."""
    without: Recipe


class Shelf(Protocol):
    """The craft of one family. Stateless."""

    def baseline(self, facts: Facts) -> Idea:
        """Return one plain model with default settings."""
        ...

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return ideas that are unlike each other, the strongest and most different first; never empty."""
        ...

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return neighbours of `recipe`, the most promising first."""
        ...

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return what can be left out of `recipe`, the part that matters most first."""
        ...

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return ever cheaper versions of `recipe`, the closest first."""
        ...
