"""How a notebook is written: ideas, a strategy, and cells with what each needs of the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import Field, model_validator

from assay.models.roles.notebook.cells import RESERVED, SECTIONS, CellId, Section
from assay.models.roles.notebook.graph import must_be_graph
from assay.models.roles.shared import Brief, Inputs, Recipe, Reply, Script, TrialSummary


class Idea(Reply):
    """A hypothesis on what would help."""

    title: str = Field(min_length=1, max_length=160)
    """The idea in a few words."""
    description: str = Field(min_length=1)
    """What to build, in two to five sentences."""
    reasoning: str = Field(min_length=1)
    """Which observations on the data speak for it."""
    expected_impact: str = Field(min_length=1)
    """What it should change, and by how much if that can be said."""


class Iteration(Inputs):
    """An earlier iteration of the same run: what it tried, what came of it."""

    number: int
    """1 for the first."""
    title: str
    strategy: str
    """What was to be done, in words."""
    trial: TrialSummary | None = None
    """None when no notebook came of it."""
    baseline: float | None = None
    """Graded score of the baseline inside the same notebook; None when it has none."""
    problem: str = ""
    """Why nothing that counts came of it; empty when something did."""


class NotebookStrategyInputs(Inputs):
    """Asks what the next notebook should do."""

    brief: Brief
    iteration: int
    """1 for the first."""
    ideas: tuple[Idea, ...] = ()
    """Hypotheses to choose from; empty leaves the choice free, and the record says so."""
    earlier: tuple[Iteration, ...] = ()


class ResearchStrategy(Reply):
    """What a notebook is to do."""

    title: str = Field(min_length=1, max_length=80)
    """The method in a few words."""
    ideas: tuple[str, ...] = ()
    """Titles of the ideas that it combines, word for word; empty if it rests on none of them."""
    objective: str = Field(min_length=1)
    """What it should do better than the baseline, in a sentence or two."""
    approach: str = Field(min_length=1)
    """Features, model and how they fit together, in three to six sentences."""
    loss: str = Field(min_length=1)
    """What is minimised in training, and why that suits the metric."""
    rationale: str = Field(min_length=1)
    """Why it should work on this data, and what earlier iterations taught."""
    recipe: Recipe


class NotebookWriteInputs(Inputs):
    """Asks for the cells of a notebook that carries out a strategy."""

    brief: Brief
    iteration: int
    strategy: ResearchStrategy
    setup: str
    """Code of the first cell, which is there already."""
    saving: str
    """Code of the last cell, which is there already; it names what the other cells must leave."""
    earlier: tuple[Iteration, ...] = ()


class WrittenCell(Reply):
    """A code cell."""

    id: CellId
    """Its id, for example `load` or `encoder`; each at most once, and none of `digest`, `setup`, `saving`."""
    name: str = Field(min_length=1, max_length=80)
    """Its title."""
    purpose: str = Field(min_length=1, max_length=300)
    """What it does, in a sentence."""
    section: Section
    """`data` loads and prepares, `baseline` defines the plain model, `method` the new one, `training` trains both
    alike, shows how both do on rows set aside, and predicts the test rows with both."""
    code: Script
    """Plain Python without magics."""


class CellEdge(Reply):
    """Says that cells make what another one uses."""

    tail: tuple[str, ...] = Field(min_length=1)
    """Ids of the cells that come first."""
    head: str
    """Id of the cell that uses what they leave."""


class WrittenNotebook(Reply):
    """The cells of a notebook between its set-up and its saving, in the order in which they run."""

    plan: str = Field(min_length=1)
    """What the notebook does, in two to four sentences."""
    cells: tuple[WrittenCell, ...] = Field(min_length=1, max_length=40)
    """At least one cell of each of the four sections."""
    edges: tuple[CellEdge, ...] = Field(min_length=1)
    """What depends on what; cells that are there already, `setup` and `saving`, may be named too."""
    recipe: Recipe

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _must_be_whole(self.cells)
        must_be_graph({*RESERVED, *(cell.id for cell in self.cells)}, _heads(self.edges))
        return self


def _must_be_whole(cells: Iterable[WrittenCell]) -> None:
    seen: set[str] = set()
    sections: set[str] = set()
    for cell in cells:
        if cell.id in seen or cell.id in RESERVED:
            raise ValueError(f"the id {cell.id!r} is taken; every cell needs one of its own")
        seen.add(cell.id)
        sections.add(cell.section)
    missing = [section for section in SECTIONS if section not in sections]
    if missing:
        raise ValueError(f"there is no cell of the section {' and none of '.join(missing)}; a notebook has all four")


def _heads(edges: Iterable[CellEdge]) -> dict[str, set[str]]:
    heads: dict[str, set[str]] = {}
    for edge in edges:
        heads.setdefault(edge.head, set()).update(edge.tail)
    return heads
