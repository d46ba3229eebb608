"""Checks of rows and columns by themselves: duplicates, constants, missing targets, too few rows, rare classes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.core.metric import Needs
from assay.core.task import Problem, SplitKind, Task
from assay.data.cells import as_text, is_missing
from assay.data.facts import Facts
from assay.data.findings import DataFinding, note, warn

if TYPE_CHECKING:
    import pandas as pd

_ENOUGH_ROWS = 2_000
_CLASSES = {Problem.BINARY, Problem.MULTICLASS}


def rows_and_columns(task: Task, facts: Facts) -> Iterator[DataFinding]:
    """Yield findings about rows and columns."""
    yield from _duplicates(task, facts)
    yield from _constants(task, facts)
    yield from _missing_targets(task, facts)
    yield from _unlike_columns(task, facts)
    yield from _too_few(task, facts)
    if task.problem in _CLASSES:
        yield from _rare_classes(task, facts)


def _keys(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    import pandas as pd

    return pd.util.hash_pandas_object(frame[names].astype(str), index=False)


def _duplicates(task: Task, facts: Facts) -> Iterator[DataFinding]:
    if task.problem is Problem.FORECAST:
        return
    names = [n for n in facts.shared if n not in task.targets and n != task.id_column]
    if not names:
        return
    train = _keys(facts.train.frame, names)
    if facts.test is not None:
        both = int(_keys(facts.test.frame, names).isin(set(train)).sum())
        share = both / len(facts.test.frame)
        if both:
            yield (warn if share > 0.01 else note)(
                "W201",
                f"{both} test rows ({share:.1%}) are in the training file too, targets aside: a model that remembers "
                "rows looks better than it is",
                fix="remove them from one file, or group equal rows into one fold",
                rows=float(both),
                share=share,
            )
    inside = int(train.duplicated().sum())
    if inside > 0.005 * len(train):
        yield warn(
            "W202",
            f"{inside} training rows ({inside / len(train):.1%}) repeat another, targets aside: folds share them, so "
            "search scores are optimistic",
            fix="remove repeated rows, or --split group=COLUMN",
            rows=float(inside),
        )


def _constants(task: Task, facts: Facts) -> Iterator[DataFinding]:
    barred = {*task.targets, task.id_column}
    same = tuple(n for n in facts.train.columns if n not in barred and facts.train.frame[n].astype(str).nunique() <= 1)
    if same:
        yield note("W206", f"{_listed(same)} never changes in {facts.train.name}: it cannot help", columns=same)


def _missing_targets(task: Task, facts: Facts) -> Iterator[DataFinding]:
    for name in task.targets:
        gone = int(is_missing(facts.train.frame[name]).sum())
        if gone:
            share = gone / len(facts.train.frame)
            yield (warn if share > 0.05 else note)(
                "W209",
                f"{name} is missing in {gone} training rows ({share:.1%}); they are shown to nobody and not scored",
                columns=(name,),
                fix=f"fill {name} in, or leave it so",
                rows=float(gone),
            )


def _unlike_columns(task: Task, facts: Facts) -> Iterator[DataFinding]:
    if facts.test is None:
        return
    own = [n for n in facts.test.columns if n not in facts.train.columns and n != task.id_column]
    if own and task.problem is not Problem.FORECAST:
        yield warn(
            "W216",
            f"only the test file has {_listed(own)}: fold views show it empty, since no training row has it",
            columns=tuple(own),
            fix=f"remove {own[0]} from {facts.test.name}",
        )
    test, train = facts.test_typed, facts.train_typed
    if test is None:
        return
    for name in facts.shared:
        kinds = {frame[name].dtype.kind in "iuf" for frame in (train, test) if frame[name].notna().any()}
        if len(kinds) > 1:
            yield warn("W216", f"{name} holds numbers in one file and text in the other", columns=(name,))


def _too_few(task: Task, facts: Facts) -> Iterator[DataFinding]:
    told = smallest_difference(task, facts)
    rows = int((~is_missing(facts.train.frame[task.target])).sum())
    if told is None or rows >= _ENOUGH_ROWS:
        return
    figure, words = told
    yield (warn if rows < 500 else note)(
        "W210",
        f"{rows} rows: differences below {words} cannot be told from luck",
        fix="add labelled rows, or trust large differences alone",
        rows=float(rows),
        difference=figure,
    )


def smallest_difference(task: Task, facts: Facts) -> tuple[float, str] | None:
    """Return half the 95 % interval of a typical score on all search rows, as a number and in words.

    For shares of rows the binomial one at 0.8, for areas under the curve the one of Hanley and McNeil (1982) at 0.8,
    for errors on numbers the relative one of the root of a mean of squares of normal errors. It is for one score;
    paired differences between similar models can be told apart somewhat below it.
    """
    column = facts.train.frame[task.target]
    values = as_text(column[~is_missing(column)])
    rows = round(len(values) * (1 - task.holdout.fraction))
    if rows < 2:
        return None
    if task.problem in (Problem.REGRESSION, Problem.FORECAST):
        share = 1.96 / math.sqrt(2 * rows)
        return share, f"±{share:.1%} of the error"
    if task.problem not in _CLASSES:
        return None
    if task.metric.needs in (Needs.PROBABILITY, Needs.CLASS_PROBABILITIES):
        rare = min(Counter(values).values()) * (1 - task.holdout.fraction)
        figure = 1.96 * _auc_error(0.8, rare, max(1.0, rows - rare))
        return figure, f"±{figure:.2g} ROC AUC"
    figure = 1.96 * math.sqrt(0.8 * 0.2 / rows)
    return figure, f"±{figure:.2g} of the rows' share"


def _auc_error(auc: float, positives: float, negatives: float) -> float:
    """Return the standard error of an area under the curve by Hanley and McNeil (1982)."""
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return math.sqrt(max(0.0, spread) / (max(1.0, positives) * negatives))


def _rare_classes(task: Task, facts: Facts) -> Iterator[DataFinding]:
    if task.split.kind is SplitKind.FORECAST:
        return
    column = facts.train.frame[task.target]
    counts = Counter(as_text(column[~is_missing(column)]))
    rare = {label: count for label, count in counts.items() if count < 2 * task.split.k}
    if rare:
        shown = ", ".join(
            f"{label!r} ({count} {'row' if count == 1 else 'rows'})"
            for label, count in sorted(rare.items(), key=lambda i: i[1])[:5]
        )
        yield warn(
            "W211",
            f"{len(rare)} of {len(counts)} classes are too rare for {task.split.k} folds: {shown}",
            columns=(task.target,),
            fix="join rare classes, or use fewer folds",
            classes=float(len(rare)),
        )
    if len(counts) > 0.5 * sum(counts.values()):
        yield warn(
            "W211",
            f"{task.target} has {len(counts)} classes on {sum(counts.values())} rows: is it a label at all?",
            columns=(task.target,),
            fix="--target OTHER-COLUMN",
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
