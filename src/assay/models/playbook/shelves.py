"""Which shelf serves which family."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assay.models.playbook.custom import CustomShelf
from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.forecast import ForecastShelf
from assay.models.playbook.images import ImagesShelf
from assay.models.playbook.pairs import PairsShelf
from assay.models.playbook.profiles import ProfilesShelf
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Idea, Part, Shelf
from assay.models.playbook.tabular import TabularShelf
from assay.models.playbook.text import TextShelf

_LIBRARIES = {"lightgbm": "lightgbm", "xgboost": "xgboost", "catboost": "catboost", "cnn": "torch"}
"""What a model needs beside scikit-learn."""


class InstalledShelf:
    """A shelf without what needs a library that the candidates' interpreter lacks.

    Args:
        shelf: The whole shelf.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def baseline(self, facts: Facts) -> Idea:
        """Return the shelf's baseline, or its first draft that can run here."""
        plain = self._shelf.baseline(facts)
        return plain if runs_here(plain.recipe, facts) else self.drafts(facts)[0]

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return the drafts that can run here."""
        drafts = self._shelf.drafts(facts)
        return [idea for idea in drafts if runs_here(idea.recipe, facts)] or drafts

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return the shelf's moves: they keep the model."""
        return self._shelf.moves(recipe, facts)

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the shelf's parts: they keep the model."""
        return self._shelf.parts(recipe, facts)

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return the cheaper recipes that can run here."""
        return [found for found in self._shelf.cheaper(recipe, facts) if runs_here(found, facts)]


def runs_here(recipe: Recipe, facts: Facts) -> bool:
    """Return whether the library of a recipe's model is installed; of a machine that nobody asked, all are."""
    library = _LIBRARIES.get(recipe.model)
    return library is None or not facts.machine.packages or facts.has(library)


def shelf_of(family: str) -> Shelf:
    """Return the shelf of `family`; a family that is not known is served as a table."""
    shelves: dict[str, Callable[[], Shelf]] = {
        Family.TEXT: TextShelf,
        Family.PAIRS: PairsShelf,
        Family.FORECAST: ForecastShelf,
        Family.IMAGES: ImagesShelf,
        Family.PROFILES: ProfilesShelf,
        Family.CUSTOM: CustomShelf,
    }
    return InstalledShelf(shelves.get(family, TabularShelf)())


def shelf_for(facts: Facts) -> Shelf:
    """Return the shelf of the task's own family."""
    return shelf_of(facts.family)
