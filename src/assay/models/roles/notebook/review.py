"""How a notebook is reviewed: what is wrong with it, which part is worked on, and the edits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from assay.models.roles.notebook.cells import CellEdit, CellText
from assay.models.roles.shared import Brief, Inputs, Recipe, Reply, TrialSummary

Decision = Literal["EXPLORE", "REFINE"]
"""EXPLORE changes how the solution is built; REFINE works on one part of it and leaves the rest alone."""


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
