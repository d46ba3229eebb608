"""Questions of the roles of the notebook strategies, and answers that a careful author could give."""

from __future__ import annotations

from typing import Any

from assay.models.roles import (
    Brief,
    CellEdge,
    CellText,
    Idea,
    Inputs,
    Iteration,
    NotebookCritiqueInputs,
    NotebookReportInputs,
    NotebookStrategyInputs,
    NotebookWriteInputs,
    ResearchStrategy,
    ReviewRound,
    Subtask,
    WrittenCell,
)
from assay.operators.notebook.frame import SAVING, SETUP

IDEA = Idea(
    title="Rooms per person",
    description="Divide rooms by the number of people in the block.",
    reasoning="Crowded blocks are cheap at equal income.",
    expected_impact="A hundredth of the score.",
)
STRATEGY = ResearchStrategy(
    title="Boosting on ratios",
    ideas=(IDEA.title,),
    objective="Rank blocks better than plain boosting.",
    approach="Ratios of counts feed a gradient boosting.",
    loss="Log loss, which orders well.",
    rationale="Trees cannot divide.",
    recipe={},
)


def earlier(brief: Brief) -> tuple[Iteration, ...]:
    """Return two earlier iterations, one of which failed."""
    return (
        Iteration(number=1, title="Plain nets", strategy="A net.", trial=brief.history[-1], baseline=0.91),
        Iteration(number=2, title="Kernels", strategy="An SVM on ratios.", problem="MemoryError: 30 GB"),
    )  # fmt: skip


def notebook_questions(brief: Brief) -> dict[str, Inputs]:
    """Return a question of every role, by its name."""
    told = earlier(brief)
    return {
        "notebook_strategy": NotebookStrategyInputs(brief=brief, iteration=3, ideas=(IDEA,), earlier=told),
        "notebook_write": NotebookWriteInputs(
            brief=brief, iteration=3, strategy=STRATEGY, setup=SETUP, saving=SAVING, earlier=told
        ),
        "notebook_critique": NotebookCritiqueInputs(
            brief=brief,
            round=2,
            parent=brief.history[-1],
            cells=(
                CellText(id="load", name="Loading", purpose="Reads.", section="data", code="rows = 1\n", locked=True),
                CellText(id="model", name="Model", purpose="Fits.", section="method", code="depth = 3\n", locked=False),
            ),
            baseline=0.91,
            diagnosis="Scaling problem: keep the architecture.",
            subtasks=(
                Subtask(
                    id="T1", name="Model", parent="T0", cells=("model",), status="open", priority=0.75,
                    expected_gain=0.5, uncertainty=0.6, depends_on=("T2",), evidence=("round 1: -0.002",),
                    note="wide nets are next",
                ),
            ),
            rounds=(
                ReviewRound(
                    number=1, decision="REFINE", focus="T1", strategy="Deeper trees.", verdict="FAILED", score=0.905,
                    delta=-0.005, gained=-0.002, problem="not better", diff="-depth = 3\n+depth = 9\n",
                ),
            ),
            printed="depth 3 in 12 s",
            problem="the cell `load` is locked",
        ),
        "notebook_report": NotebookReportInputs(
            brief=brief, title="Boosting on ratios", strategy="Ratios.", facts=("roc_auc 0.93 on 5 folds",)
        ),
    }  # fmt: skip


def written(**changes: Any) -> dict[str, Any]:
    """Return the fields of a whole `WrittenNotebook`, some replaced."""
    cells = [
        WrittenCell(id="load", name="Load", purpose="Reads the tables.", section="data", code="train = 1\n"),
        WrittenCell(id="plain", name="Plain", purpose="The baseline.", section="baseline", code="plain = train\n"),
        WrittenCell(id="novel", name="Novel", purpose="The method.", section="method", code="novel = train\n"),
        WrittenCell(id="fit", name="Fit", purpose="Fits both.", section="training", code="submission = novel\n"),
    ]
    edges = [CellEdge(tail=("load",), head="plain"), CellEdge(tail=("plain", "novel"), head="fit")]
    return {"plan": "Ratios.", "cells": cells, "edges": edges, "recipe": {}, **changes}
