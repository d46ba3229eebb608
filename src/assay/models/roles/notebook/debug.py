"""The role that mends a failing notebook: cell by cell, around the locked ones."""

from __future__ import annotations

from pydantic import Field

from assay.models.roles.notebook.cells import CellEdit, CellText
from assay.models.roles.shared import Brief, Inputs, Reply, Role


class NotebookDebugInputs(Inputs):
    """Asks for edits after which a failing notebook runs."""

    brief: Brief
    cells: tuple[CellText, ...]
    """Every code cell, in the order in which they run."""
    failing: str
    """Id of the cell that failed; empty when all ran and the output is invalid."""
    line: int = 0
    """Line of that cell, from 1; 0 if it is not known."""
    error: str
    """What went wrong, with the end of the traceback or the reason why the output is invalid."""
    outcome: str
    """Such as `cell error`, `cell timeout`, `run timeout`, `dead kernel`, `exit called`, `memory`, `invalid output`."""
    round: int
    """1 for the first repair of the trial."""
    same_as_before: bool = False
    """Whether the last repair ended in the same failure."""
    refused: str = ""
    """Why the last answer to this very question was refused; empty at first."""


class NotebookRepair(Reply):
    """Edits that mend a notebook."""

    cause: str
    """What was wrong, in a sentence."""
    edits: tuple[CellEdit, ...] = Field(min_length=1)
    """Whole new texts of open cells: as a rule of the one that failed alone."""


NOTEBOOK_DEBUG = Role(
    name="notebook_debug",
    asked="the engine, when a notebook fails and no rule mends it, up to `--fix-rounds` times a trial",
    inputs=NotebookDebugInputs,
    reply=NotebookRepair,
)
