"""The notebook strategies on fakes: notebooks whose cells are wishes, and a kind that reads their sum.

A cell holds `NAME = {"score": ...}`: the cell of the section `method` (or any other open one) says what the notebook
scores, `plain` what the baseline inside it scores. A cell with `fail` in it makes the run fail, one with `silent`
leaves no predictions, one with `own` writes that into `metrics.json`.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.engine.run import Strategy
from assay.kinds import ScriptKind
from assay.kinds.base import Failure, Unit
from assay.kinds.notebook import Notebook, locks_of, new_cell, new_notebook_candidate, notebook_of, parse, with_notebook
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.engine import Bench, behave, propose
from support.fakes import noise

ENTRY = "solution.ipynb"


class FakeNotebookKind:
    """Notebooks as the real kind edits them, run by the fake sandbox."""

    name = "notebook"
    outputs = ("submission.csv", "baseline.csv", "metrics.json")

    def command(self, candidate: Candidate, *, python: Path | None, seed: int, threads: int) -> Command:
        del python, seed, threads
        return Command(argv=("notebook", candidate.entry))

    def units(self, candidate: Candidate) -> tuple[Unit, ...]:
        locked = locks_of(candidate).ids
        return tuple(
            Unit(name=cell.id, file=candidate.entry, start=1, end=1, text=cell.source, protected=cell.id in locked)
            for cell in notebook_of(candidate).code_cells
        )

    def replace(self, candidate: Candidate, unit: Unit, text: str) -> Candidate:
        if unit.protected:
            raise IntegrityError("E404", f"the cell {unit.name!r} is locked")
        edited = notebook_of(candidate).with_source(unit.name, text)
        locks_of(candidate).require(edited)
        return with_notebook(candidate, edited)

    def diagnose(self, execution: Execution, problems: tuple[str, ...]) -> Failure | None:
        return ScriptKind().diagnose(execution, problems)


def run_cells(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    """Do what the cells of a notebook wish, or what a script does."""
    if command.argv[0] != "notebook":
        return behave(command, workspace, limits)
    notebook = parse((workspace.root / ENTRY).read_text(encoding="utf-8"), ENTRY)
    view = (workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8")
    wishes = {cell.id: _wish(cell.source) for cell in notebook.code_cells}
    for told in (wish["own"] for wish in wishes.values() if "own" in wish):
        (workspace.root / "output" / "metrics.json").write_text(json.dumps(told), encoding="utf-8")
    if any("silent" in wish for wish in wishes.values()):
        return FakeResult(wall_s=0.01)
    if any("fail" in wish for wish in wishes.values()):
        return FakeResult(outcome=Outcome.ERROR, exit_code=1, log="Traceback\nValueError: a cell failed\n")
    plain = wishes.get("plain", {}).get("score")
    value = sum(wish.get("score", 0.0) for name, wish in wishes.items() if name != "plain")
    for name, score in (("submission.csv", value), ("baseline.csv", plain)):
        if score is not None:
            told = score + noise(view) + 0.3 * noise(view, score)
            (workspace.root / "output" / name).write_text(f"{told:.6f}\n", encoding="utf-8")
    return FakeResult(wall_s=0.01)


def _wish(source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            found.update(ast.literal_eval(node.value))
    return found


def wish(name: str, **wishes: Any) -> str:
    """Return the code of a cell that wishes this."""
    return f"{name} = {json.dumps(wishes)}"


def wanted(title: str, ideas: Iterable[str] = ()) -> Scripted:
    """Return a strategy."""
    return {
        "title": title, "ideas": list(ideas), "objective": "Beat it.", "approach": f"Approach of {title}.",
        "loss": "Squares.", "rationale": "Because.",
    }  # fmt: skip


def cells(score: float, *, plain: float | None = 2.0, **more: Any) -> Scripted:
    """Return a written notebook whose method scores `score` and whose baseline scores `plain`, None for no file."""
    inside = wish("plain") if plain is None else wish("plain", score=plain)
    texts = {"load": ("data", "rows = 1"), "plain": ("baseline", inside),
             "novel": ("method", wish("novel", score=score, **more)), "fit": ("training", "done = 1")}  # fmt: skip
    return {
        "plan": f"It scores {score}.",
        "cells": [
            {"id": name, "name": name.title(), "purpose": f"Does {name}.", "section": section, "code": code}
            for name, (section, code) in texts.items()
        ],
        "edges": [{"tail": ["load"], "head": "plain"}, {"tail": ["plain", "novel"], "head": "fit"}],
    }


def critique(edits: dict[str, str], *, decision: str = "REFINE", focus: str = "T1", **more: Any) -> Scripted:
    """Return a critique with these edits, by cell."""
    return {
        "reflection": "The last change showed that depth is not what is missing.",
        "critique": "The method knows nothing of neighbours.",
        "decision": decision, "focus": focus, "title": "Neighbours", "strategy": "Use them.",
        "edits": [{"cell": cell, "code": code} for cell, code in edits.items()], **more,
    }  # fmt: skip


PROSE: Scripted = {"summary": "It was tried.", "discussion": "It may be luck.", "next_steps": "More rows."}

Answer = Callable[[Request[Any]], Scripted]


def answers(write: Answer, review: Answer | None = None) -> Answer:
    """Return who answers every role: notebooks by `write`, critiques by `review`, scripts as ever."""

    def answer(request: Request[Any]) -> Scripted:
        if request.role == "notebook_strategy":
            return wanted(f"method {request.inputs.iteration}", [i.title for i in request.inputs.ideas][:1])  # type: ignore[attr-defined]
        if request.role == "notebook_write":
            return write(request)
        if request.role == "notebook_critique" and review is not None:
            return review(request)
        if request.role == "notebook_report":
            return PROSE
        return propose(request)

    return answer


def bench(folder: Path, strategy: Strategy, answer: Answer, **fields: Any) -> Bench:
    """Return an engine for notebooks on fakes."""
    fields = {"limits": Limits(), "k": 3, "max_repairs": 0, **fields}
    kinds = {"script": ScriptKind(), "notebook": FakeNotebookKind()}
    return Bench(folder, strategy=strategy, answers=answer, kinds=kinds, behaviour=run_cells, **fields)


def base_notebook(path: Path, *, score: float = 2.0) -> Path:
    """Write a user's notebook with a loader and an evaluation of its own; return its path."""
    notebook = Notebook(
        cells=(
            new_cell("about", "# My screen", type="markdown"),
            new_cell("load", "rows = 1", name="Loading", section="data"),
            new_cell("novel", wish("novel", score=score), name="Model", section="method"),
            new_cell("extra", wish("extra", score=0.0), name="Extra", section="method"),
            new_cell("fit", "done = 1", name="Training", section="training"),
            new_cell("final", "saved = 1", name="Final evaluation", section="evaluation"),
        )
    )
    candidate = new_notebook_candidate(notebook)
    path.write_text(candidate.source, encoding="utf-8")
    return path
