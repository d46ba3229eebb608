"""The sample submission of a view: the real one's columns, this view's ids, and values that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.core.metric import Needs
from assay.core.task import OutputContract, Task
from assay.data.packing import Format
from assay.data.tables import Table

if TYPE_CHECKING:
    import pandas as pd


def sample_frame(task: Task, sample: Table, ids: list[str]) -> pd.DataFrame:
    """Return the sample file for rows with these ids.

    The values are constants that follow from the metric alone: the real file's own may rest on hidden rows, as where
    organisers fill in each series' last value.
    """
    import pandas as pd

    text = sample.format in (Format.CSV, Format.TSV)
    columns: dict[str, Any] = {}
    for name in sample.columns:
        if name == task.output.id_column:
            columns[name] = ids if text else _like(sample.frame[name], ids)
        else:
            value = _value(task.output, task, name)
            columns[name] = [str(value) if text else value] * len(ids)
    return pd.DataFrame(columns, columns=list(sample.columns))


def _value(output: OutputContract, task: Task, name: str) -> str | float | int:
    if output.needs is Needs.PROBABILITY:
        return 0.5
    if output.needs is Needs.CLASS_PROBABILITIES:
        return round(1 / max(1, len(output.columns)), 6)
    if output.needs is Needs.RANKED_LABELS:
        return " ".join(output.classes[: int(task.metric.param("k", 5))])
    if output.needs is Needs.LABELS and output.classes:
        return output.classes[0]
    return 0


def _like(column: pd.Series, ids: list[str]) -> Any:
    """Return `ids` with the type of `column`, where they fit it."""
    import pandas as pd

    made = pd.Series(ids, dtype=object)
    try:
        return made.astype(column.dtype)
    except (ValueError, TypeError):
        return made
