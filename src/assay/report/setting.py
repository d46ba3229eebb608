"""The setting of a run in its report: what was to be predicted, from what, and how it was measured."""

from __future__ import annotations

from assay.core.task import SplitKind, Task
from assay.report.document import (
    Block,
    Cell,
    Code,
    Mono,
    Said,
    Section,
    Terms,
)
from assay.report.facts import Facts
from assay.report.formatting import format_count, format_percent
from assay.report.prose import clean, clean_line
from assay.report.telling import Teller

_SPLITS = {
    SplitKind.KFOLD: "random folds",
    SplitKind.STRATIFIED: "stratified folds",
    SplitKind.GROUP: "folds by group",
    SplitKind.TIME: "folds in order of time",
    SplitKind.HOLDOUT: "one random holdout",
    SplitKind.COLUMN: "folds as the data names them",
    SplitKind.FORECAST: "rolling origins",
    SplitKind.PREPARED: "the user's own split",
}


def task_section(teller: Teller) -> Section:
    """Return what was to be predicted, from what, and how it was measured."""
    facts = teller.facts
    task = facts.history.task
    rows: list[tuple[str, Cell]] = [
        ("Problem", (str(task.problem),)),
        ("Target", (Said(clean_line(", ".join(task.targets), 300)),)),
        ("Metric", (f"{task.metric.name}, {teller.direction}",)),
        ("Files", _files(task)),
        ("Search", (split_words(task),)),
        ("Rows graded", _graded_rows(facts)),
        ("Sealed", _sealed(teller)),
        ("Data digest", (Mono(task.data_digest or "unknown"),)),
    ]
    blocks: list[Block] = [Terms(tuple(rows))]
    statement = clean(task.statement, 8000).strip()
    if statement:
        blocks.insert(0, Code(summary="The task in the user's words", text=statement))
    return Section(name="task", title="Task and data", blocks=tuple(blocks))


def _files(task: Task) -> Cell:
    names = [n for n in (task.data.train, task.data.test, task.data.sample, task.data.description) if n]
    return (Mono(clean_line(", ".join([*names, *task.data.side]), 300)),)


def split_words(task: Task) -> str:
    """Return in words how the search folds of a task are made."""
    split = task.split
    column = f" of {clean_line(split.column, 60)}" if split.column else ""
    ahead = f", {split.horizon} steps ahead" if split.horizon else ""
    folds = f"{split.k} " if split.k > 1 and split.kind is not SplitKind.HOLDOUT else ""
    cap = f"; at most {task.row_cap:,} training rows shown during search" if task.row_cap else ""
    return f"{folds}{_SPLITS[split.kind]}{column}{ahead}, seed {split.seed}{cap}"


def _graded_rows(facts: Facts) -> Cell:
    trial = facts.winner
    scored = facts.scored(trial) if trial is not None else []
    if not scored and facts.baseline is not None:
        scored = facts.scored(facts.baseline)
    rows = sum(m.score.rows for m in scored if m.score is not None)
    return (f"{rows:,} over {format_count(len(scored), 'fold')}",) if rows else ("none",)


def _sealed(teller: Teller) -> Cell:
    fraction = teller.facts.history.task.holdout.fraction
    if not fraction:
        return ("nothing: this task has no sealed holdout",)
    share = f"{format_percent(fraction, decimals=0)} of the labelled rows"
    if "sealed.rows" in teller.ledger:
        opened = teller.facts.sealed_for_another or "opened once, for the winner"
        return (*teller.count("sealed.rows", "row"), f", {share}, {opened}")
    return (f"{share}, not opened",)
