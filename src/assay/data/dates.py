"""Times in tables: numbers as they are, dates as nanoseconds."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_DATE_LIKE = re.compile(
    r"^\s*(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -,]+\d{2,4})"
)


def looks_dated(column: pd.Series) -> bool:
    """Return whether the values of a typed column are dates, judged by the first 200 that are there."""
    if column.dtype.kind == "M":
        return True
    if column.dtype.kind in "iufb":
        return False
    some = column.dropna().head(200)
    return len(some) > 0 and all(isinstance(value, str) and _DATE_LIKE.match(value) for value in some)


def as_times(column: pd.Series) -> pd.Series | None:
    """Return a typed column as numbers that order its moments, NaN where missing; None if it holds neither."""
    import pandas as pd

    if column.dtype.kind in "iuf":
        return column.astype("float64")
    if not looks_dated(column):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns when it has to parse row by row
        moments = pd.to_datetime(
            column, errors="coerce", utc=True, format=None if column.dtype.kind == "M" else "mixed"
        )
    # In nanoseconds alone, a date before 1677 or after 2262 would be none.
    numbers = moments.dt.as_unit("us").astype("int64").astype("float64") * 1000
    return numbers.mask(moments.isna())
