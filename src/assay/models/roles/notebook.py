"""Roles of the strategies `notebook` and `notebook_review`: cells are written, run, criticised and edited by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from assay.models.roles.shared import Brief, Inputs, Recipe, Reply, Role, Script, TrialSummary

Decision = Literal["EXPLORE", "REFINE"]
"""EXPLORE changes how the solution is built; REFINE works on one part of it and leaves the rest alone."""

Section = Literal["data", "baseline", "method", "training"]
"""What a written cell is for. The digest, the set-up and the saving are written by code, not by a model."""

SECTIONS: tuple[Section, ...] = ("data", "baseline", "method", "training")
"""Sections that a written notebook must have, each at least once, in the order in which they are usually run."""

RESERVED = frozenset({"digest", "setup", "saving"})
"""Ids of the cells that are written by code."""

CellId = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
"""Names a cell for good: letters, digits, `_` and `-`."""


# --- ideas and strategy ----------------------------------------------------------------------------------------------


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


# --- writing ---------------------------------------------------------------------------------------------------------


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


def must_be_graph(nodes: set[str], before: Mapping[str, set[str]]) -> None:
    """Refuse edges that name a node that is not there, or that go round in a circle.

    Args:
        nodes: Ids of the nodes.
        before: For a node, those that come before it.

    Raises:
        ValueError: An edge dangles, or there is a cycle; the text names it.
    """
    named = {*before, *(node for tails in before.values() for node in tails)}
    unknown = sorted(named - nodes)
    if unknown:
        raise ValueError(f"an edge names {', '.join(map(repr, unknown))}, and no cell has that id")
    try:
        TopologicalSorter({node: before.get(node, set()) for node in nodes}).prepare()
    except CycleError as error:
        raise ValueError(f"the edges go round in a circle: {' -> '.join(error.args[1])}") from error


# --- review ----------------------------------------------------------------------------------------------------------


class CellText(Inputs):
    """A cell of the notebook under review."""

    id: str
    name: str
    purpose: str
    section: str
    code: str
    locked: bool
    """Whether nobody may change it; edits to it are refused."""


class Subtask(Inputs):
    """A part of the notebook that can be worked on, with what is known about working on it."""

    id: str
    name: str
    parent: str = ""
    cells: tuple[str, ...]
    """Ids of the open cells that belong to it; a REFINE of it may change these alone."""
    status: str
    """open, active, stabilized or dropped."""
    priority: float
    """0 .. 1, the highest first."""
    expected_gain: float
    """0 .. 1."""
    uncertainty: float
    """0 .. 1: how little is known on whether work on it pays."""
    depends_on: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    """What iterations on it showed, oldest first."""
    note: str = ""
    """What a reviewer last said of it."""


class ReviewRound(Inputs):
    """An earlier round of the review."""

    number: int
    """1 for the first."""
    decision: str
    focus: str
    strategy: str
    verdict: str
    """IMPROVED, FAILED, CRASH, REFUSED."""
    score: float | None = None
    delta: float | None = None
    """Gain over the locked baseline, positive is better."""
    gained: float | None = None
    """Gain over the notebook that it started from, positive is better."""
    problem: str = ""
    diff: str = ""
    """What it changed, cell by cell; told of the last one alone."""


class NotebookCritiqueInputs(Inputs):
    """Asks for a critique of a notebook and for the edits that follow from it."""

    brief: Brief
    round: int
    """1 for the first."""
    parent: TrialSummary
    """The notebook as it stands, which every edit starts from."""
    cells: tuple[CellText, ...]
    baseline: float
    """The locked score that gains are measured against, for good."""
    diagnosis: str
    """What the measured scores say, in words made by code."""
    subtasks: tuple[Subtask, ...]
    """The most urgent first."""
    rounds: tuple[ReviewRound, ...] = ()
    stuck: int = 0
    """How many rounds in a row brought nothing."""
    printed: str = ""
    """Words of what the notebook printed in its last execution on a fold; few numbers, since they may be labels."""
    problem: str = ""
    """Why the last answer to this very question was refused; empty at first."""


class SubtaskUpdate(Reply):
    """A change to what is known of a subtask."""

    id: str
    """Of an existing subtask."""
    status: Literal["open", "active", "dropped"] = "open"
    """`active` is under work, `dropped` is not worth any."""
    expected_gain: float | None = Field(default=None, ge=0, le=1)
    """From 0, nothing, to 1, the most that you can think of; not in units of the metric."""
    note: str = ""
    """Why, in a sentence; the next round is told."""


class NewSubtask(Reply):
    """A part of a part."""

    name: str = Field(min_length=1, max_length=80)
    parent: str
    """Id of the subtask that it is a part of."""
    rationale: str = ""
    """What work on it should bring, in a sentence; the next round is told."""


class SubtaskDependency(Reply):
    """Says that work on one subtask needs another first."""

    source: str
    """Id of the subtask that comes first."""
    target: str
    """Id of the one that needs it."""
    kind: str = "requires"


class CellEdit(Reply):
    """A new text for an open cell."""

    cell: str
    """Id of the cell."""
    code: Script
    """The whole cell as it should be."""


FEWEST_LETTERS = 15
"""Of a reflection and of a critique."""


class Critique(Reply):
    """What is wrong with a notebook, and the edits that mend it."""

    reflection: str = Field(min_length=20)
    """What the last round's result says about its idea; in the first round, what the scores say about the notebook."""
    critique: str = Field(min_length=20)
    """The weakest point of the notebook as it stands, and how you know."""
    decision: Decision
    """EXPLORE if the way it is built is at its limit, REFINE to work on one subtask."""
    focus: str = Field(min_length=1)
    """Id of the subtask that is worked on."""
    title: str = Field(min_length=1, max_length=80)
    """The change in a few words."""
    strategy: str = Field(min_length=1)
    """What is changed and why it should help, in two to four sentences."""
    subtask_updates: tuple[SubtaskUpdate, ...] = Field(default=(), max_length=8)
    """What is now known of a subtask; empty where nothing is."""
    new_subtasks: tuple[NewSubtask, ...] = Field(default=(), max_length=4)
    """Parts of a subtask that later rounds should work on by themselves."""
    dependencies: tuple[SubtaskDependency, ...] = Field(default=(), max_length=8)
    """Which subtask should come before which."""
    edits: tuple[CellEdit, ...] = Field(min_length=1, max_length=8)
    """Whole new texts of open cells; with REFINE, of cells of `focus` alone."""
    recipe: Recipe

    @field_validator("reflection", "critique")
    @classmethod
    def _says_something(cls, text: str) -> str:
        if sum(character.isalpha() for character in text) < FEWEST_LETTERS:
            raise ValueError(f"needs at least {FEWEST_LETTERS} letters: blanks and marks are no thought")
        return text


# --- report ----------------------------------------------------------------------------------------------------------


class NotebookReportInputs(Inputs):
    """Asks for the words of a report; its numbers and tables stand already."""

    brief: Brief
    title: str
    strategy: str
    facts: tuple[str, ...]
    """What was measured, a sentence each, made by code."""


class ReportProse(Reply):
    """The words of a report. A sentence with a number that the facts do not hold is left out of it."""

    summary: str = Field(min_length=1)
    """What was done and what it showed, in two to four sentences."""
    discussion: str = Field(min_length=1)
    """What explains the result, and what speaks against that, in two to five sentences."""
    next_steps: str = Field(min_length=1)
    """What to try next, in one to three sentences."""


NOTEBOOK_ROLES = (
    Role(
        name="notebook_strategy",
        asked="strategy `notebook`, once a notebook",
        inputs=NotebookStrategyInputs,
        reply=ResearchStrategy,
    ),
    Role(
        name="notebook_write",
        asked="strategy `notebook`, once a notebook",
        inputs=NotebookWriteInputs,
        reply=WrittenNotebook,
    ),
    Role(
        name="notebook_critique",
        asked="strategy `notebook_review`, once a round",
        inputs=NotebookCritiqueInputs,
        reply=Critique,
    ),
    Role(
        name="notebook_report",
        asked="strategies `notebook` and `notebook_review`, once, for the words of the report",
        inputs=NotebookReportInputs,
        reply=ReportProse,
    ),
)
