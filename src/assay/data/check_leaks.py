"""Checks for leaks: a column, an id or the order of rows that gives the target away; train and test that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.core.task import Problem, Task
from assay.data.cells import as_text, is_missing
from assay.data.check_split import new_groups
from assay.data.facts import Facts
from assay.data.findings import DataFinding, grave, note, warn
from assay.data.probe import coded, sampled, tells, told_apart

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_MOST_COLUMNS = 200
_GIVES_AWAY, _NEARLY = 0.98, 0.9
_BY_ORDER = 0.2
_DRIFT, _STRONG_DRIFT = 0.6, 0.8
_DRIFT_ROWS = 4_000
_MANY_CLASSES = 50


def leaks(task: Task, facts: Facts) -> Iterator[DataFinding]:
    """Yield findings about what gives the target away."""
    if task.problem is not Problem.FORECAST:
        target = _Target(task, facts)
        yield from _columns(task, facts, target)
        yield from _ids(task, facts, target)
        yield from _order(facts, target)
    yield from _drift(task, facts)


class _Target:
    """A sample of the labelled rows and their targets as numbers."""

    def __init__(self, task: Task, facts: Facts) -> None:
        import numpy as np

        labelled = np.flatnonzero(~is_missing(facts.train.frame[task.target]).to_numpy())
        self.rows = labelled[sampled(len(labelled))]
        self.count = len(facts.train.frame)
        column = facts.train_typed[task.target].iloc[self.rows]
        self.classes = task.problem in (Problem.BINARY, Problem.MULTICLASS, Problem.MULTILABEL)
        self.values = np.unique(column.astype(str), return_inverse=True)[1] if self.classes else coded(column)
        if self.classes and self.values.max() >= _MANY_CLASSES:
            # Balanced accuracy over many classes is all noise; the frequent ones against the rest say enough.
            common = np.argsort(-np.bincount(self.values))[:_MANY_CLASSES]
            self.values = np.where(np.isin(self.values, common), self.values, -1)

    def told_by(self, feature: np.ndarray) -> float:
        """Return how well one coded column, given for the sampled rows, tells the target."""
        return tells(feature.reshape(-1, 1), self.values, classes=self.classes)


def _columns(task: Task, facts: Facts, target: _Target) -> Iterator[DataFinding]:
    barred = {*task.targets, task.id_column}
    names = [name for name in facts.train.columns if name not in barred][:_MOST_COLUMNS]
    for name in names:
        share = target.told_by(coded(facts.train_typed[name].iloc[target.rows]))
        if share < _NEARLY:
            continue
        only_train = facts.test is not None and name not in facts.test.columns
        if only_train:
            text = f"{name} (only in the training file) nearly gives {task.target} away; a model must not use it"
            yield note("W203", text, columns=(name,), share=share)
        elif share >= _GIVES_AWAY:
            text = f"{name} alone gives {task.target} away ({share:.1%} of the way from chance to perfect)"
            fix = f"remove {name} unless it is known before {task.target} is"
            yield grave("W203", text, columns=(name,), fix=fix, share=share)
        else:
            text = f"{name} alone nearly gives {task.target} away ({share:.1%} of the way from chance to perfect)"
            yield warn("W203", text, columns=(name,), fix=f"ask when {name} becomes known", share=share)


def _ids(task: Task, facts: Facts, target: _Target) -> Iterator[DataFinding]:
    name = task.id_column
    if name is None or name not in facts.train.columns:
        return
    import numpy as np

    numbers = [re.findall(r"\d+", value) for value in as_text(facts.train.frame[name])]
    if not all(numbers):
        return
    last = np.array([float(found[-1][:15]) for found in numbers])[target.rows]
    share = target.told_by(last)
    if share >= _BY_ORDER:
        yield warn(
            "W204",
            f"the id {name} tells {task.target} ({share:.0%} of the way from chance to perfect): ids were given in an "
            "order that knows the target",
            columns=(name,),
            fix="give ids at random; do not learn from them",
            share=share,
        )


def _order(facts: Facts, target: _Target) -> Iterator[DataFinding]:
    share = target.told_by(target.rows.astype(float))
    if share >= _BY_ORDER:
        yield warn(
            "W205",
            f"the order of rows in {facts.train.name} tells the target ({share:.0%} of the way from chance to "
            "perfect); views shuffle their test rows, the real test file may not be",
            fix="shuffle the rows, or --split time=COLUMN if the order is time",
            share=share,
        )


def _drift(task: Task, facts: Facts) -> Iterator[DataFinding]:
    """Say whether a model can tell training rows from test rows, and by which columns."""
    import numpy as np
    import pandas as pd

    test = facts.test_typed
    barred = {*task.targets, task.id_column, task.time_column}
    known = facts.train_typed
    group = new_groups(task, facts)
    if test is not None and group in known and group in test:
        # Groups of the test file are new: one row of each, so that what is the same within one tells nothing.
        barred.add(group)
        known, test = known.drop_duplicates(group), test.drop_duplicates(group)
    names = [name for name in facts.shared if name not in barred][:_MOST_COLUMNS]
    if test is None or not names or task.problem is Problem.FORECAST or len(test) < 50:
        return
    train = known.iloc[sampled(len(known), _DRIFT_ROWS)]
    asked = test.iloc[sampled(len(test), _DRIFT_ROWS)]
    both = {name: pd.concat([train[name], asked[name]], ignore_index=True) for name in names}
    codes = {name: coded(column) for name, column in both.items() if not _is_free_text(column)}
    if not codes:
        return
    side = np.repeat([0, 1], [len(train), len(asked)])
    auc = told_apart(np.column_stack(list(codes.values())), side)
    if auc < _DRIFT:
        return
    alone = {name: tells(column.reshape(-1, 1), side, classes=True) for name, column in codes.items()}
    named = tuple(name for name in sorted(alone, key=lambda name: -alone[name])[:3] if alone[name] > 0.1)
    yield (warn if auc >= _STRONG_DRIFT else note)(
        "W207",
        f"train and test differ: a model tells their rows apart with an AUC of {auc:.2f}"
        + (f", most by {', '.join(named)}" if named else ""),
        columns=named,
        fix="expect lower test scores; do without these columns, or --split time=COLUMN if they change over time",
        auc=auc,
    )


def _is_free_text(column: pd.Series) -> bool:
    return bool(column.dtype.kind == "O" and column.dropna().astype(str).nunique() > 0.5 * len(column))
