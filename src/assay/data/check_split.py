"""Checks of the split: groups and dates that make a random one optimistic."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.task import Problem, SplitKind, Task
from assay.data.cells import as_text, is_missing
from assay.data.columns import Columns
from assay.data.facts import Facts
from assay.data.findings import DataFinding, note, warn
from assay.data.partition import Partition
from assay.data.split_guess import (
    date_columns,
    group_columns,
    nothing_sealed,
    tests_are_later,
    tests_are_other_groups,
)

_RANDOM = (SplitKind.KFOLD, SplitKind.STRATIFIED, SplitKind.HOLDOUT)


def split_findings(task: Task, facts: Facts) -> Iterator[DataFinding]:
    """Yield findings about the split."""
    if task.holdout.fraction <= 0:
        yield from _nothing_sealed(task, facts)
    if task.problem in (Problem.BINARY, Problem.MULTICLASS):
        yield from _one_class(task, facts)
    if task.split.kind not in _RANDOM or task.problem is Problem.FORECAST:
        return
    yield from _groups(facts, _columns(task))
    yield from _dates(facts, _columns(task))


def new_groups(task: Task, facts: Facts) -> str | None:
    """Return the column whose groups are others in the test file, by design or as W220 says; None if there is none."""
    if task.split.kind is SplitKind.GROUP:
        return task.split.column
    names = group_columns(facts, _columns(task)) if task.split.kind in _RANDOM else ()
    return next((name for name in names if tests_are_other_groups(facts, name)), None)


def _columns(task: Task) -> Columns:
    return Columns(
        targets=task.targets,
        target_origin="",
        id_column=task.id_column,
        id_origin="",
        output_id=task.output.id_column,
        output=task.output.columns,
    )


def _nothing_sealed(task: Task, facts: Facts) -> Iterator[DataFinding]:
    rows = int((~is_missing(facts.train.frame[task.target])).sum())
    yield nothing_sealed(rows)


def _one_class(task: Task, facts: Facts) -> Iterator[DataFinding]:
    """Yield whether rows that are tested together are all of one class: then many metrics have no score on them."""
    labels = as_text(facts.train.frame[task.target])
    labelled = (~is_missing(facts.train.frame[task.target])).to_numpy()
    partition = Partition(task, facts.train_typed, labels, labelled, facts.test_typed)
    folds = 1 if task.split.kind is SplitKind.HOLDOUT else task.split.k
    tested = {f"fold {number}": partition.fold(number).test for number in range(folds)}
    if task.holdout.fraction > 0:
        tested["the sealed rows"] = partition.sealed
    single = [
        name for name, rows in tested.items() if rows.any() and len({labels[row] for row in rows.nonzero()[0]}) < 2
    ]
    if single:
        yield warn(
            "W222",
            f"{' and '.join(single[:3])} hold rows of one class only: {task.metric.name} may have no score there",
            fix="fewer folds, another --split, or more rows of the rare class",
            parts=float(len(single)),
        )


def _groups(facts: Facts, columns: Columns) -> Iterator[DataFinding]:
    for name in group_columns(facts, columns)[:3]:
        groups = facts.train.frame[name].nunique()
        if facts.test is not None and name in facts.test.columns:
            shared = len(set(as_text(facts.train.frame[name])) & set(as_text(facts.test.frame[name])))
            if shared and not tests_are_other_groups(facts, name):
                text = f"{shared} values of {name} appear in train and test: a random split is right if that is meant"
                yield note("W220", text, columns=(name,), fix=f"--split group={name} if new ones come", groups=shared)
                continue
        yield warn(
            "W220",
            f"rows of the same {name} ({groups} of them) fall into several folds; the score is likely optimistic",
            columns=(name,),
            fix=f"--split group={name}",
            groups=float(groups),
        )


def _dates(facts: Facts, columns: Columns) -> Iterator[DataFinding]:
    for name in date_columns(facts, columns)[:3]:
        if tests_are_later(facts, name):
            text = f"by {name} every test row is later than every training row; a random split looks into the future"
            yield warn("W221", text, columns=(name,), fix=f"--split time={name}")
        elif facts.test is None:
            text = f"rows are dated by {name}; if later ones are to be predicted, a random split looks into the future"
            yield warn("W221", text, columns=(name,), fix=f"--split time={name}")
