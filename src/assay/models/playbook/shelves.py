"""Which shelf serves which family."""

from __future__ import annotations

from collections.abc import Callable

from assay.models.playbook.custom import CustomShelf
from assay.models.playbook.facts import Facts, Family
from assay.models.playbook.forecast import ForecastShelf
from assay.models.playbook.images import ImagesShelf
from assay.models.playbook.pairs import PairsShelf
from assay.models.playbook.shelf import Shelf
from assay.models.playbook.tabular import TabularShelf
from assay.models.playbook.text import TextShelf


def shelf_of(family: str) -> Shelf:
    """Return the shelf of `family`; a family that is not known is served as a table."""
    shelves: dict[str, Callable[[], Shelf]] = {
        Family.TEXT: TextShelf,
        Family.PAIRS: PairsShelf,
        Family.FORECAST: ForecastShelf,
        Family.IMAGES: ImagesShelf,
        Family.CUSTOM: CustomShelf,
    }
    return shelves.get(family, TabularShelf)()


def shelf_for(facts: Facts) -> Shelf:
    """Return the shelf of the task's own family."""
    return shelf_of(facts.family)
