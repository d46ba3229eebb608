"""Roles of `assay ideas`: a notebook that looks into the data, and ideas from what it established."""

from __future__ import annotations

from pydantic import Field

from assay.models.roles.notebook import CellId, Idea
from assay.models.roles.shared import Brief, Inputs, Reply, Role, Script


class ExploreInputs(Inputs):
    """Asks for the cells of a notebook that looks into the data."""

    brief: Brief
    variant: str
    """What to look at, in a person's words."""
    number: int
    """1 for the first notebook; others look at the same data beside it."""
    setup: str
    """Code of the first cell, which is there already."""
    saving: str
    """Code of the last cell, which is there already."""
    papers: str = ""
    """What the literature says on such tasks, quoted and marked."""


class ExploreCell(Reply):
    """A code cell."""

    id: CellId
    """Its id, each at most once; not `setup` or `saving`."""
    purpose: str = Field(min_length=1, max_length=300)
    """What it looks at, in a sentence."""
    code: Script
    """Plain Python without magics."""


class Exploration(Reply):
    """A notebook that looks into the data."""

    title: str = Field(min_length=1, max_length=80)
    """What it looks at, in a few words."""
    cells: tuple[ExploreCell, ...] = Field(min_length=1, max_length=20)
    """In the order in which they run, between the set-up and the saving."""


class Established(Inputs):
    """A statement that held on rows that no notebook saw."""

    sentence: str
    effect: float
    """0 .. 1."""


class IdeasInputs(Inputs):
    """Asks for ideas that follow from what the analysis established."""

    brief: Brief
    established: tuple[Established, ...]
    refuted: tuple[str, ...] = ()
    """What was stated and did not hold."""
    count: int
    """How many are wanted."""
    papers: str = ""
    plain: float | None = None
    """Graded score of the best notebook's plain model; None without one."""
    printed: str = ""
    """The end of what the best notebook printed, few numbers of it, which nobody has checked."""


class IdeaList(Reply):
    """Ideas on what would help."""

    ideas: tuple[Idea, ...] = Field(min_length=1, max_length=20)
    """The one that you would bet on first."""


EXPLORE_ROLES = (
    Role(name="explore", asked="`assay ideas`, once a notebook", inputs=ExploreInputs, reply=Exploration),
    Role(name="ideas", asked="`assay ideas`, once, at its end", inputs=IdeasInputs, reply=IdeaList),
)
