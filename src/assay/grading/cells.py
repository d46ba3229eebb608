"""The cells of a file of predictions, column by column: numbers, probabilities, labels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assay.grading.arrays import Array, Codes, Floats
from assay.grading.names import Names, plain_number
from assay.grading.table import SHOWN, shown

MISSING = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "nat"})
"""How a cell without a value is written, in small letters."""
_ROUNDING = 1e-6
"""How far a probability may leave [0, 1] by rounding; it is then set to the border."""
Cells = Sequence[tuple[str, ...]]
"""Columns of a file, each with its cells as texts."""


def where(flags: Array, names: Sequence[str] | None) -> str:
    """Return the first few rows of a column at which `flags` is true, by id or by row number."""
    index = [int(i) for i in np.flatnonzero(flags)[: SHOWN + 1]]
    if names is None:
        return f"rows {shown([i + 1 for i in index])}"
    return f"ids {shown([names[i] for i in index])}"


def missing_cells(column: Sequence[str]) -> Array:
    """Return which cells hold no value, shape (rows,)."""
    return np.array([cell.strip().lower() in MISSING for cell in column], dtype=bool)


def number_column(
    name: str, column: Sequence[str], names: Sequence[str] | None, problems: list[str], *, booleans: bool = False
) -> Floats:
    """Return the cells as floats; what is missing, no number or not finite goes to `problems`."""
    try:
        values = np.array([float(cell) for cell in column])
    except ValueError:
        values = np.array([_float(cell, booleans) for cell in column])
    finite = np.isfinite(values)
    if finite.all():
        return values
    missing = missing_cells(column)
    words = np.isnan(values) & ~missing
    infinite = np.isinf(values)
    if missing.any():
        problems.append(f"{int(missing.sum()):,} values of {name!r} are NaN or empty: {where(missing, names)}")
    if infinite.any():
        problems.append(f"{int(infinite.sum()):,} values of {name!r} are infinite: {where(infinite, names)}")
    if words.any():
        examples = [column[i] for i in np.flatnonzero(words)[: SHOWN + 1]]
        problems.append(f"{int(words.sum()):,} values of {name!r} are not numbers: {shown(examples)}")
    return values


def _float(cell: str, booleans: bool) -> float:
    try:
        return float(cell)
    except ValueError:
        flags = {"true": 1.0, "false": 0.0}
        return flags.get(cell.strip().lower(), math.nan) if booleans else math.nan


def probability_columns(
    header: Sequence[str], cells: Cells, names: Sequence[str] | None, problems: list[str]
) -> Floats:
    """Return the cells as numbers in [0, 1], shape (rows, columns); the rest goes to `problems`."""
    columns = []
    for name, column in zip(header, cells, strict=True):
        values = number_column(name, column, names, problems, booleans=True)
        outside = (values < -_ROUNDING) | (values > 1.0 + _ROUNDING)
        outside &= np.isfinite(values)
        if outside.any():
            low, high = float(values[np.isfinite(values)].min()), float(values[np.isfinite(values)].max())
            problems.append(
                f"{int(outside.sum()):,} values of {name!r} are outside [0, 1] (they range from {low:.6g} to "
                f"{high:.6g}): {where(outside, names)}; probabilities are asked for, not labels or scores"
            )
        columns.append(np.clip(values, 0.0, 1.0))
    return side_by_side(columns, len(cells[0]) if cells else 0)


def side_by_side(columns: list[Floats], rows: int) -> Floats:
    """Return columns side by side, shape (rows, columns), also where there are none."""
    return np.stack(columns, axis=1) if columns else np.empty((rows, 0))


def label_column(
    name: str,
    column: Sequence[str],
    names: Sequence[str] | None,
    known: Names,
    classes: Sequence[str],
    problems: list[str],
) -> Codes:
    """Return the cells as positions in `classes`; labels that are none of them go to `problems`."""
    position = {text: known.find(text) for text in set(column)}
    codes = np.array([-1 if position[text] is None else position[text] for text in column], dtype=np.int64)
    if (codes >= 0).all():
        return codes
    missing = (codes < 0) & missing_cells(column)
    unseen = (codes < 0) & ~missing
    if missing.any():
        problems.append(f"{int(missing.sum()):,} labels of {name!r} are NaN or empty: {where(missing, names)}")
    if unseen.any():
        examples = sorted({column[i] for i in np.flatnonzero(unseen).tolist()})
        hint = ""
        if all(plain_number(label) is not None for label in classes) and all(_is_share(cell) for cell in examples):
            hint = "; labels are asked for, not probabilities"
        problems.append(
            f"{int(unseen.sum()):,} labels of {name!r} were never seen in training: {shown(examples)} "
            f"(known are {shown(list(classes))}){hint}"
        )
    return codes


def _is_share(cell: str) -> bool:
    try:
        return 0.0 < float(cell) < 1.0
    except ValueError:
        return False
