"""Review: a critique of a notebook with edits, refused as a whole where they touch what they must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.core.candidate import Candidate
from assay.core.errors import AssayError
from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.journal.history import Trial
from assay.kinds.base import Kind
from assay.kinds.excerpt import words
from assay.kinds.notebook import NOTEBOOK, describe, locks_of, notebook_of
from assay.models.roles import CellText, Critique, NotebookCritiqueInputs, ReviewRound, Subtask
from assay.operators.brief import brief, summary
from assay.operators.expect import expect

OPERATOR = "review"
ASKED = 2
"""How often a critique is asked for before the round goes without."""
MOST_PRINTED = 1_500
"""Characters of what the notebook printed that a question shows."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a reviewer is told beside the brief."""

    round: int
    parent: Trial
    baseline: float
    diagnosis: str
    subtasks: tuple[Subtask, ...]
    allowed: dict[str, tuple[str, ...]]
    """Cells by subtask, of all subtasks, shown or not."""
    rounds: tuple[ReviewRound, ...]
    stuck: int
    printed: str = ""
    """What the notebook as it stands printed on a fold; words and few numbers are told of it."""


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What came of asking: the last critique, the edited candidate if it could be made, and what was refused."""

    critique: Critique | None
    candidate: Candidate | None
    refused: tuple[str, ...] = ()
    """Why answers were refused, a sentence each, in order."""


def cell_texts(candidate: Candidate) -> tuple[CellText, ...]:
    """Return the code cells of a candidate as reviewers see them."""
    notebook, locked = notebook_of(candidate), locks_of(candidate).ids
    return tuple(
        CellText(
            id=info.id,
            name="" if info.name == info.id else info.name,
            purpose=info.purpose,
            section=info.section,
            code=cell.source,
            locked=cell.id in locked,
        )
        for cell, info in zip(notebook.cells, describe(notebook), strict=True)
        if cell.is_code
    )


def review(step: Step, base: Candidate, question: Question) -> Reviewed:
    """Return a critique of `base` and what its edits make of it; an answer that is refused is asked for once more.

    Args:
        step: Asks.
        base: The notebook as it stands; it stays as it is.
        question: What the reviewer is told.
    """
    refused: list[str] = []
    critique: Critique | None = None
    cells = cell_texts(base)
    for asked in range(ASKED):
        inputs = NotebookCritiqueInputs(
            brief=brief(step, f"critique-{asked}"),
            round=question.round,
            parent=summary(question.parent),
            cells=cells,
            baseline=question.baseline,
            diagnosis=question.diagnosis,
            subtasks=question.subtasks,
            rounds=question.rounds,
            stuck=question.stuck,
            printed=words(question.printed, MOST_PRINTED),
            problem="; ".join(refused[-1:]),
        )
        try:
            critique = expect(step.ask(f"critique-{asked}", "notebook_critique", inputs), Critique)
        except NoAnswer as nothing:
            refused.append(f"no usable answer ({nothing})")
            break
        problems = refusals(critique, cells, question.allowed)
        if not problems:
            edited, problem = edit(step.session.parts.kinds[NOTEBOOK], base, critique)
            if edited is not None:
                made = replace(edited, title=critique.title, plan=critique.strategy, operator=OPERATOR)
                recipe = critique.recipe or base.recipe
                made = replace(made, parents=(question.parent.number,), recipe=recipe)
                return Reviewed(critique=critique, candidate=made, refused=tuple(refused))
            problems = (problem,)
        refused.append("; ".join(problems))
    return Reviewed(critique=critique, candidate=None, refused=tuple(refused))


def refusals(critique: Critique, cells: Sequence[CellText], allowed: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return why the edits of a critique may not be applied; empty if they may.

    Args:
        critique: The answer.
        cells: Those of the notebook, locked ones marked.
        allowed: For each subtask, the cells that work on it may change.
    """
    known = {cell.id: cell for cell in cells}
    names = [edit.cell for edit in critique.edits]
    found = [f"there is no cell {name!r}" for name in names if name not in known]
    found += [f"the cell {name!r} is locked" for name in names if name in known and known[name].locked]
    found += [f"the cell {name!r} is edited twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if critique.focus not in allowed:
        found.append(f"there is no subtask {critique.focus!r} to focus on")
    elif critique.decision == "REFINE":
        inside = allowed[critique.focus]
        outside = [name for name in names if name in known and not known[name].locked and name not in inside]
        found += [f"REFINE of {critique.focus} may not change the cell {name!r}" for name in outside]
    return tuple(found)


def edit(kind: Kind, base: Candidate, critique: Critique) -> tuple[Candidate | None, str]:
    """Return `base` with the edits applied, or None and why they could not be."""
    edited = base
    for change in critique.edits:
        unit = next(unit for unit in kind.units(edited) if unit.name == change.cell)
        try:
            edited = kind.replace(edited, unit, change.code.rstrip("\n"))
        except (AssayError, ValueError) as error:
            return None, str(error)
    if edited.digest == base.digest:
        return None, "the edits change nothing"
    return edited, ""
