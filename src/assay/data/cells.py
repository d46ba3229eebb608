"""What the cells of a column say: text, missing, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


MISSING_TEXT = frozenset(
    [
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    ]
)
"""What pandas reads as missing in a text file; a label spelled so would be missing to every candidate too."""


def as_text(column: pd.Series) -> list[str]:
    """Return the values of a faithful column as text; missing ones are empty."""
    missing = column.isna()
    return ["" if gone else str(value) for value, gone in zip(column.tolist(), missing.tolist(), strict=True)]


def is_missing(column: pd.Series) -> pd.Series:
    """Return which values of a faithful column pandas would read as missing."""
    gone: pd.Series = column.isna()
    if gone.all() or isinstance(column[~gone].iloc[0], str):
        gone = gone | column.isin(MISSING_TEXT)
    return gone


def inferred(column: pd.Series) -> pd.Series:
    """Return a column of text with the type that pandas would give it."""
    import pandas as pd

    missing = column.isin(MISSING_TEXT)
    values = column.mask(missing).astype(object)
    if missing.all():
        return values.astype("float64")
    numbers = pd.to_numeric(values, errors="coerce")
    if not (numbers.isna() & ~missing).any():
        return numbers
    if not missing.any() and set(values.unique()) <= {"True", "False", "TRUE", "FALSE", "true", "false"}:
        return values.str.lower() == "true"
    return values
