"""How scripts of `mle_star` are combined."""

from __future__ import annotations

from assay.models.roles.shared import (
    Brief,
    Inputs,
    Program,
)
from assay.models.roles.star.refine import Attempt
from assay.models.roles.star.start import Solution


class EnsemblePlanInputs(Inputs):
    """Asks how to combine the solutions of all paths."""

    brief: Brief
    solutions: tuple[Solution, ...]
    attempts: tuple[Attempt, ...] = ()
    """Earlier plans and what came of them."""
    alike: tuple[tuple[int, int, float], ...] = ()
    """How the errors of two solutions correlate over the rows, by their numbers."""


class EnsembleInputs(Inputs):
    """Asks for one script that combines several solutions as planned."""

    brief: Brief
    plan: str
    solutions: tuple[Solution, ...]
    index: int
    """Round, counted from 0."""


class Ensembled(Program):
    """A complete script that combines several solutions."""

    members: tuple[int, ...] = ()
    """Numbers of the solutions that the script trains; those that it leaves out are not among them."""
