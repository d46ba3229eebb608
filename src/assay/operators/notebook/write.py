"""Write: what a notebook is to do, and the candidate whose cells do it."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.candidate import Candidate
from assay.engine.step import Step
from assay.kinds.notebook import Cell, LockPolicy, Notebook, make_locks, new_cell, new_notebook_candidate
from assay.models.roles import (
    Idea,
    Iteration,
    NotebookStrategyInputs,
    NotebookWriteInputs,
    ResearchStrategy,
    WrittenNotebook,
)
from assay.operators.brief import brief
from assay.operators.expect import expect
from assay.operators.notebook.frame import SAVING, SETUP

OPERATOR = "generate"
FREE_STYLE = "No ideas were handed over: free style."
"""Stands in the strategy of a notebook that rests on no ideas."""
LOCKED = ("setup", "saving")
"""Cells that are code's own, which no repair may change."""


def choose_strategy(
    step: Step, iteration: int, ideas: Sequence[Idea], earlier: Sequence[Iteration]
) -> ResearchStrategy:
    """Return what the notebook of this iteration is to do, chosen in view of all earlier iterations.

    Raises:
        NoAnswer: Nobody says.
    """
    inputs = NotebookStrategyInputs(
        brief=brief(step, "strategy"),
        iteration=iteration,
        ideas=tuple(ideas),
        earlier=tuple(earlier),
    )
    return expect(step.ask("strategy", "notebook_strategy", inputs), ResearchStrategy)


def write_notebook(
    step: Step, iteration: int, strategy: ResearchStrategy, text: str, earlier: Sequence[Iteration]
) -> Candidate:
    """Return the notebook that carries out a strategy: its digest, the set-up, the written cells, the saving.

    Args:
        step: Asks.
        iteration: 1 for the first.
        strategy: What it is to do.
        text: The same as Markdown, for its first cell.
        earlier: Earlier iterations.

    Raises:
        NoAnswer: Nobody writes one that has a baseline, a method and whole edges.
    """
    inputs = NotebookWriteInputs(
        brief=brief(step, "write"),
        iteration=iteration,
        strategy=strategy,
        setup=SETUP,
        saving=SAVING,
        earlier=tuple(earlier),
    )
    written = expect(step.ask("write", "notebook_write", inputs), WrittenNotebook)
    notebook = Notebook(cells=_cells(written, text), metadata=_metadata(written))
    return new_notebook_candidate(
        notebook,
        make_locks(notebook, LockPolicy(cells=LOCKED)),
        title=strategy.title,
        plan=written.plan,
        operator=OPERATOR,
        recipe=written.recipe,
    )


def strategy_text(strategy: ResearchStrategy) -> str:
    """Return a strategy as Markdown, the same text that `research_strategy.md` holds."""
    ideas = [f"- {title}" for title in strategy.ideas] or [FREE_STYLE]
    parts = (
        ("Ideas", "\n".join(ideas)),
        ("Objective", strategy.objective.strip()),
        ("Approach", strategy.approach.strip()),
        ("Loss", strategy.loss.strip()),
        ("Rationale", strategy.rationale.strip()),
    )
    return f"# {strategy.title.strip()}\n\n" + "\n\n".join(f"## {name}\n\n{body}" for name, body in parts) + "\n"


def _cells(written: WrittenNotebook, text: str) -> tuple[Cell, ...]:
    made = [
        new_cell(cell.id, cell.code, name=cell.name, purpose=cell.purpose, section=cell.section)
        for cell in written.cells
    ]
    return (
        new_cell("digest", text, type="markdown", name="Digest", purpose="What is tried and why.", section="digest"),
        new_cell("setup", SETUP, name="Set-up", purpose="Folders, seed and threads.", section="setup"),
        *made,
        new_cell("saving", SAVING, name="Saving", purpose="Writes what is graded.", section="saving"),
    )


def _metadata(written: WrittenNotebook) -> dict[str, object]:
    edges = [{"tail": list(edge.tail), "head": edge.head} for edge in written.edges]
    return {
        "execution": {"hypergraph": {"hyperedges": edges}},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
