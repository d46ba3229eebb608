"""Reading of the catalogue's files, once a process, when somebody first asks."""

from __future__ import annotations

import datetime
from functools import cache
from importlib import resources

import yaml

from assay.models.catalogue.entry import Entry, Modality

DATED = datetime.date(2026, 11, 21)
"""When the catalogue as a whole was last looked through."""


@cache
def load() -> tuple[Entry, ...]:
    """Return all entries, in the order of the modalities and of their files.

    Raises:
        pydantic.ValidationError: A file is not as it should be: the installation is broken.
    """
    return tuple(entry for modality in Modality for entry in _read(modality))


def find(name: str) -> Entry | None:
    """Return the entry of this name; None when there is none."""
    return next((entry for entry in load() if entry.name == name), None)


def _read(modality: Modality) -> list[Entry]:
    path = resources.files("assay.models.catalogue").joinpath("data", f"{modality}.yaml")
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return [Entry.model_validate({"modality": modality, "dated": DATED, **item}) for item in found]
