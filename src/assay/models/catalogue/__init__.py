"""A dated catalogue of model families that ships with the package: what to try when nobody can search the web."""

from assay.models.catalogue.entry import Cost, Entry, Modality, Solves, Source
from assay.models.catalogue.reading import DATED, find, load
from assay.models.catalogue.search import Hit, search

__all__ = ["DATED", "Cost", "Entry", "Hit", "Modality", "Solves", "Source", "find", "load", "search"]
