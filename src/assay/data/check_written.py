"""Checks of how numbers are written: columns that hold numbers to a person, and text to every program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.core.task import Problem, Task
from assay.data.facts import Facts
from assay.data.findings import DataFinding, grave, warn
from assay.data.probe import sampled

if TYPE_CHECKING:
    import pandas as pd

_DRESSED = re.compile(
    r"\s*[$€£¥]?\s*[-+]?\s*[$€£¥]?\s*(?:\d{1,3}(?:[ ,.'\u2019\u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?\s*[%$€£¥]?\s*"
)
"""A number with a decimal comma, marks between thousands, a currency or a per cent sign."""
_SURELY = 0.95
_MOST_MARKS = 3
_FEW_VALUES = 10
"""Columns with no more numbers than this may well be codes."""


def numbers_as_text(task: Task, facts: Facts) -> Iterator[DataFinding]:
    """Yield the columns whose numbers are read as text, with what they are written with."""
    for name in facts.train.columns:
        column = facts.train_typed[name]
        if name == task.id_column or column.dtype.kind in "iufbM":
            continue
        why = _why(column)
        if not why:
            continue
        labels = name in task.targets and task.problem in (Problem.BINARY, Problem.MULTICLASS)
        yield (grave if labels else warn)(
            "W223",
            f"{name} {why}, so it is read as text" + (" and its values as labels" if labels else ""),
            columns=(name,),
            fix="write plain numbers such as 1234.5, and nothing where there is none",
        )


def _why(column: pd.Series) -> str:
    """Return what keeps a column of numbers from being read as one, or nothing if it holds no numbers."""
    import pandas as pd

    there = column.dropna()
    values = there.iloc[sampled(len(there))].astype(str)
    odd = values[pd.to_numeric(values, errors="coerce").isna()]
    if not len(odd) or values.nunique() <= _FEW_VALUES:
        return ""
    dressed = odd.map(lambda value: _DRESSED.fullmatch(value) is not None)
    if len(odd) - int(dressed.sum()) <= (1 - _SURELY) * len(values):
        return f"holds numbers written like {odd[dressed].iloc[0]!r}" if dressed.any() else ""
    if odd.nunique() <= _MOST_MARKS and len(odd) <= len(values) / 2:
        marks = ", ".join(repr(mark) for mark in sorted(odd.unique()))
        return f"holds numbers, but {marks} in {len(odd) / len(values):.1%} of the rows"
    return ""
