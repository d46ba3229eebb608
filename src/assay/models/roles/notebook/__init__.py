"""Roles of the strategies `notebook` and `notebook_review`: cells are written, run, criticised and edited by id."""

from assay.models.roles.notebook.cells import RESERVED, SECTIONS, CellEdit, CellId, CellText, Section
from assay.models.roles.notebook.debug import NOTEBOOK_DEBUG, NotebookDebugInputs, NotebookRepair
from assay.models.roles.notebook.graph import must_be_graph
from assay.models.roles.notebook.report import NotebookReportInputs, ReportProse
from assay.models.roles.notebook.review import (
    FEWEST_LETTERS,
    Critique,
    Decision,
    NewSubtask,
    NotebookCritiqueInputs,
    ReviewRound,
    Subtask,
    SubtaskDependency,
    SubtaskUpdate,
)
from assay.models.roles.notebook.write import (
    CellEdge,
    Idea,
    Iteration,
    NotebookStrategyInputs,
    NotebookWriteInputs,
    ResearchStrategy,
    WrittenCell,
    WrittenNotebook,
)
from assay.models.roles.shared import Role

__all__ = [
    "FEWEST_LETTERS",
    "NOTEBOOK_DEBUG",
    "NOTEBOOK_ROLES",
    "RESERVED",
    "SECTIONS",
    "CellEdge",
    "CellEdit",
    "CellId",
    "CellText",
    "Critique",
    "Decision",
    "Idea",
    "Iteration",
    "NewSubtask",
    "NotebookCritiqueInputs",
    "NotebookDebugInputs",
    "NotebookRepair",
    "NotebookReportInputs",
    "NotebookStrategyInputs",
    "NotebookWriteInputs",
    "ReportProse",
    "ResearchStrategy",
    "ReviewRound",
    "Section",
    "Subtask",
    "SubtaskDependency",
    "SubtaskUpdate",
    "WrittenCell",
    "WrittenNotebook",
    "must_be_graph",
]

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
