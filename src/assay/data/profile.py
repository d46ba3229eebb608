"""Profile: what may be told about the data, made from the rows that the search may see."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.profile import ColumnKind, ColumnProfile, DataProfile
from assay.core.task import Problem, SplitKind, Task
from assay.data.cells import as_text, is_missing
from assay.data.dates import looks_dated
from assay.data.facts import Facts, facts_of
from assay.data.forecast import series_codes
from assay.data.packing import plain_name
from assay.data.partition import Partition
from assay.data.side_files import side_files

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_EXAMPLES = 5
_CUT = 80
_PREVIEW_ROWS, _PREVIEW_COLUMNS = 5, 20
_MOST_LABELS = 50
_MOST_NAMES = 12
_LONGEST_HEADER = 100_000
_FEWEST_RELATED = 40
"""With fewer rows than these, what a column tells of the target is chance."""


def profile(task: Task) -> DataProfile:
    """Return the profile of the task's data. Sealed rows are left out: nothing of them reaches a prompt.

    Raises:
        TaskError: A file cannot be read.
    """
    if task.split.kind is SplitKind.PREPARED:
        return DataProfile(train_rows=0, test_rows=0, columns=(), targets=(), files=tuple(_files(task)))
    return profile_facts(task, facts_of(task))


def profile_facts(task: Task, facts: Facts) -> DataProfile:
    """Return the profile of tables that have been read already."""
    rows = search_rows(task, facts)
    seen = facts.train_typed[rows]
    faithful = facts.train.frame[rows]
    barred = {*task.targets, task.id_column}
    shared = set(facts.shared)
    target = seen[task.target]
    numeric = target.dtype.kind in "iuf" and task.problem in (Problem.REGRESSION, Problem.FORECAST)
    label = "" if numeric else _told_label(task, faithful[task.target])
    columns = tuple(_column(seen[name], in_test=name in shared) for name in facts.train.columns if name not in barred)
    columns = _related(columns, seen, target if numeric else faithful[task.target], numeric=numeric, label=label)
    return DataProfile(
        train_rows=len(seen),
        test_rows=0 if facts.test is None else len(facts.test.frame),
        columns=columns,
        targets=tuple(_column(seen[name], in_test=False) for name in task.targets),
        target_counts=() if numeric else _counts(faithful[task.target]),
        target_skew=_finite(target.astype("float64").skew()) if numeric else None,
        told_label=label,
        series=int(series_codes(seen, task.series_columns).nunique()) if task.problem is Problem.FORECAST else 0,
        horizon=(task.split.horizon or 0) if task.problem is Problem.FORECAST else 0,
        preview=_preview(faithful.head(_PREVIEW_ROWS)),
        files=tuple(_files(task)),
    )


def search_rows(task: Task, facts: Facts) -> np.ndarray:
    """Return which training rows have their targets and are not sealed."""
    import numpy as np

    frame = facts.train.frame
    labelled = np.ones(len(frame), dtype=bool)
    for name in task.targets:
        labelled &= ~is_missing(frame[name]).to_numpy()
    labels = as_text(frame[task.target])
    return Partition(task, facts.train_typed, labels, labelled, facts.test_typed).search


def column_kind(column: pd.Series) -> ColumnKind:
    """Return what a typed column holds, as far as its values show."""
    there = column.dropna()
    distinct = _distinct(there)
    if distinct <= 1:
        return ColumnKind.CONSTANT
    if looks_dated(column):
        return ColumnKind.DATE
    if column.dtype.kind == "b":
        return ColumnKind.BOOLEAN
    if column.dtype.kind in "iuf":
        whole = column.dtype.kind != "f" or bool((there % 1 == 0).all())
        return ColumnKind.IDENTIFIER if whole and _counts_up(there) else ColumnKind.NUMBER
    texts = there.astype(str)
    words = float(texts.head(2_000).str.split().str.len().mean())
    if distinct == len(there) and len(there) > 20 and words < 1.5:
        return ColumnKind.IDENTIFIER
    if words >= 3 and distinct > 0.3 * len(there):
        return ColumnKind.TEXT
    if set(texts.unique()) <= {"True", "False"}:
        return ColumnKind.BOOLEAN
    return ColumnKind.CATEGORY


def _counts_up(there: pd.Series) -> bool:
    """Return whether whole numbers number the rows: all different, hardly any left out."""
    if len(there) <= 20 or there.nunique() < len(there):
        return False
    return bool(there.max() - there.min() < 2 * len(there))


def _distinct(column: pd.Series) -> int:
    try:
        return int(column.nunique())
    except TypeError:  # lists and records of a JSON file have no hash
        return int(column.astype(str).nunique())


def _column(column: pd.Series, *, in_test: bool) -> ColumnProfile:
    there = column.dropna()
    kind = column_kind(column)
    numeric = column.dtype.kind in "iuf"
    numbers = there.astype("float64") if numeric else None
    examples = dict.fromkeys(str(value)[:_CUT] for value in there.head(1_000))
    text = there.astype(str).head(2_000) if kind is ColumnKind.TEXT else None
    return ColumnProfile(
        name=str(column.name),
        kind=kind,
        dtype=str(column.dtype),
        missing=round(float(column.isna().mean()), 6) if len(column) else 0.0,
        distinct=_distinct(there),
        examples=tuple(list(examples)[:_EXAMPLES]),
        mean=None if numbers is None else _finite(numbers.mean()),
        std=None if numbers is None else _finite(numbers.std()),
        low=None if numbers is None else _finite(numbers.min()),
        high=None if numbers is None else _finite(numbers.max()),
        mean_words=None if text is None else round(float(text.str.split().str.len().mean()), 2),
        integral=bool(numeric and len(there) and (there % 1 == 0).all()),
        in_test=in_test,
    )


def _related(
    columns: tuple[ColumnProfile, ...], seen: pd.DataFrame, target: pd.Series, *, numeric: bool, label: str
) -> tuple[ColumnProfile, ...]:
    """Return the columns with what each alone tells of the target."""
    import numpy as np

    from assay.data.relations import Target, evenly, relation

    rows = evenly(len(seen), len(columns))
    if numeric:
        numbers = target.to_numpy(dtype="float64")
        rows = rows[np.isfinite(numbers[rows])]
        values = numbers[rows]
    else:
        values = np.array(as_text(target.iloc[rows]))
    if len(rows) < _FEWEST_RELATED:
        return columns
    told = Target(values, numeric=numeric, positive=label or None)
    return tuple(replace(c, relation=relation(seen[c.name].iloc[rows], c.kind, told)) for c in columns)


def _told_label(task: Task, column: pd.Series) -> str:
    """Return of two labels the one that the metric looks at, else the last; empty where there are not two."""
    labels = sorted(set(as_text(column)))
    chosen = str(task.metric.param("positive", ""))
    return "" if len(labels) != 2 else chosen if chosen in labels else labels[-1]


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _counts(column: pd.Series) -> tuple[tuple[str, int], ...]:
    import pandas as pd

    counted = pd.Series(as_text(column), dtype=object).value_counts()
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple((str(label), int(count)) for label, count in ranked[:_MOST_LABELS])


def _preview(frame: pd.DataFrame) -> str:
    """Return rows as a Markdown table; cells are cut and cannot break it."""
    names = [str(name) for name in frame.columns[:_PREVIEW_COLUMNS]]
    rows = [names, ["---"] * len(names)]
    cells = [as_text(frame[name]) for name in names]
    rows += [list(row) for row in zip(*cells, strict=True)]
    lines = ("| " + " | ".join(_cell(value) for value in row) + " |" for row in rows)
    more = len(frame.columns) - len(names)
    return "\n".join(lines) + (f"\n({more} more columns)" if more > 0 else "")


def _cell(value: str) -> str:
    flat = " ".join(value.split()).replace("|", "\\|")
    return flat if len(flat) <= _CUT else flat[: _CUT - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _files(task: Task) -> Iterable[str]:
    """Yield the files of `./input` with their sizes; many side files as one line."""
    data = task.data
    for name in (data.train, data.test, data.sample, data.description):
        if name:
            path = task.folder / name
            yield f"{plain_name(path)} ({_size(path.stat().st_size)})"
    for top in data.side:
        paths = list(side_files(task.folder, (top,), task.data.hidden))
        if (task.folder / top).is_dir():
            total = sum(path.stat().st_size for path in paths)
            some = ", ".join(path.relative_to(task.folder).as_posix() for path in paths[:3])
            yield f"{top}/ ({len(paths)} files, {_size(total)}; {some} ...)"
        else:
            yield from (f"{top} ({_size(path.stat().st_size)}){_header(path)}" for path in paths)


def _header(path: Path) -> str:
    """Return the columns of a side table in words, so that it can be used without a look at it; nothing for others."""
    if path.suffix.lower() != ".csv":
        return ""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            names = next(csv.reader([stream.readline(_LONGEST_HEADER)]), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return ""
    shown = ", ".join(_cell(name) for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f", columns {shown}{more}" if shown else ""


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1_000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"
