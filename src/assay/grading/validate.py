"""A prediction file becomes arrays in the order of the answers, or a complete list of what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assay.core.metric import Needs
from assay.core.task import OutputContract
from assay.grading.arrays import Array, Codes, Floats, Ranking
from assay.grading.names import Names, plain_number
from assay.grading.table import SHOWN, Table, Unreadable, read_table, shown

_MISSING = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "nat"})
_ROUNDING = 1e-6
"""How far a probability may leave [0, 1] by rounding; it is then set to the border."""
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the file must be about."""

    contract: OutputContract
    rows: int
    ids: tuple[str, ...] | None = None
    """Row ids in the order of the answers; None when rows have none."""

    @property
    def header(self) -> tuple[str, ...]:
        """The first line of the file."""
        first = (self.contract.id_column,) if self.contract.id_column and self.ids is not None else ()
        return (*first, *self.contract.columns)

    @property
    def max_bytes(self) -> int:
        """A size that no honest file of this many rows reaches."""
        ids = max((len(i.encode()) for i in self.ids), default=0) if self.ids else 0
        longest = max((len(c.encode()) for c in self.contract.classes), default=0)
        ranked = 64 if self.contract.needs is Needs.RANKED_LABELS else 1
        return 65_536 + 4 * (self.rows + 1) * (ids + len(self.contract.columns) * ranked * (longest + 32))


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Validated predictions, row i about answer i. Only the field that the contract needs is filled."""

    table: Table
    """The cells as they were written, in the order of the answers."""
    labels: Codes = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    numbers: Floats = field(default_factory=lambda: np.empty((0, 0)))
    ranked: tuple[Ranking, ...] = ()

    def take(self, index: Codes) -> Predictions:
        """Return the predictions at `index`, in that order."""
        return Predictions(
            table=self.table.take(index.tolist()),
            labels=self.labels[index] if self.labels.size else self.labels,
            numbers=self.numbers[index] if self.numbers.size else self.numbers,
            ranked=tuple(self.ranked[i] for i in index.tolist()) if self.ranked else (),
        )


class Rejected(ValueError):
    """The file is not what was asked for.

    Args:
        problems: Everything that is wrong, one sentence each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def validate(path: Path, expected: Expected) -> Predictions:
    """Read the file at `path` and return its predictions in the order of the answers.

    Rows may come in any order when they have ids. Ids and labels may be spelled as another program would (`1.0` for
    `1`, `True` for `1`) as long as that can mean only one.

    Raises:
        Rejected: With everything that is wrong.
    """
    try:
        table = read_table(path, expected=expected.header, max_rows=expected.rows, max_bytes=expected.max_bytes)
    except Unreadable as error:
        raise Rejected(error.problems) from error
    problems: list[str] = []
    ordered = _in_order(table, expected, problems)
    names = [str(cell) for cell in ordered.columns[0]] if expected.ids is not None else None
    cells = ordered.columns[1:] if expected.ids is not None else ordered.columns
    result = _READERS[expected.contract.needs](ordered, cells, names, expected.contract, problems)
    if problems:
        raise Rejected(problems)
    return result


# --- rows


def _in_order(table: Table, expected: Expected, problems: list[str]) -> Table:
    """Return the rows in the order of the answers; leave the order alone when rows do not fit, and say so."""
    many = f"more than {expected.rows:,}" if table.rows > expected.rows else f"{table.rows:,}"
    if expected.ids is None:
        if table.rows != expected.rows:
            problems.append(f"expected {expected.rows:,} rows, one a test row in the order of the file; got {many}")
        return table
    place = _places(table, expected, expected.ids, problems)
    if problems:
        if table.rows != expected.rows:
            problems.append(f"expected {expected.rows:,} rows, got {many}")
        return table
    order = [place[i] for i in range(expected.rows)]
    if order == list(range(expected.rows)):
        return table
    return table.take(order)


def _places(table: Table, expected: Expected, ids: Sequence[str], problems: list[str]) -> dict[int, int]:
    """Return the row of the table for each position among the ids."""
    found, column = Names(ids).find, table.header[0]
    place: dict[int, int] = {}
    extra: list[str] = []
    twice: list[str] = []
    for row, text in enumerate(table.columns[0]):
        position = found(text)
        if position is None:
            extra.append(text)
        elif position in place:
            twice.append(text)
        else:
            place[position] = row
    missing = [name for i, name in enumerate(ids) if i not in place]
    cut = table.rows > expected.rows
    if missing and not cut:
        problems.append(f"{len(missing):,} of {expected.rows:,} ids of {column!r} are missing: {shown(missing)}")
    least = "at least " if cut else ""
    if extra:
        problems.append(f"{least}{len(extra):,} ids of {column!r} are not among the test rows: {shown(extra)}")
    if twice:
        problems.append(f"{least}{len(twice):,} rows repeat an id of {column!r}: {shown(twice)}")
    return place


# --- cells

Cells = Sequence[tuple[str, ...]]


def _where(flags: Array, names: Sequence[str] | None) -> str:
    """Return the first few rows of a column at which `flags` is true, by id or by row number."""
    index = [int(i) for i in np.flatnonzero(flags)[: SHOWN + 1]]
    if names is None:
        return f"rows {shown([i + 1 for i in index])}"
    return f"ids {shown([names[i] for i in index])}"


def _missing(column: Sequence[str]) -> Array:
    return np.array([cell.strip().lower() in _MISSING for cell in column], dtype=bool)


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
    missing = _missing(column)
    words = np.isnan(values) & ~missing
    infinite = np.isinf(values)
    if missing.any():
        problems.append(f"{int(missing.sum()):,} values of {name!r} are NaN or empty: {_where(missing, names)}")
    if infinite.any():
        problems.append(f"{int(infinite.sum()):,} values of {name!r} are infinite: {_where(infinite, names)}")
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


def _values(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    columns = [number_column(n, c, names, problems) for n, c in zip(contract.columns, cells, strict=True)]
    return Predictions(table=table, numbers=_stacked(columns, table.rows))


def _stacked(columns: list[Floats], rows: int) -> Floats:
    return np.stack(columns, axis=1) if columns else np.empty((rows, 0))


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
                f"{high:.6g}): {_where(outside, names)}; probabilities are asked for, not labels or scores"
            )
        columns.append(np.clip(values, 0.0, 1.0))
    return _stacked(columns, len(cells[0]) if cells else 0)


def _probability(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    return Predictions(table=table, numbers=probability_columns(contract.columns, cells, names, problems))


def _class_probabilities(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    before = len(problems)
    numbers = probability_columns(contract.columns, cells, names, problems)
    if len(problems) == before:
        sums = numbers.sum(axis=1)
        off = np.abs(sums - 1.0) > _SUM_TOLERANCE if contract.sum_to_one else sums <= 0.0
        if off.any():
            rule = "do not sum to one" if contract.sum_to_one else "give every class the probability 0"
            first = float(sums[np.flatnonzero(off)[0]])
            problems.append(f"{int(off.sum()):,} rows {rule} (the first sums to {first:.6g}): {_where(off, names)}")
    return Predictions(table=table, numbers=numbers)


def _labels(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    known = Names(contract.classes, booleans=True)
    columns = [
        label_column(n, c, names, known, contract.classes, problems)
        for n, c in zip(contract.columns, cells, strict=True)
    ]
    stacked = np.stack(columns, axis=1) if columns else np.empty((table.rows, 0), dtype=np.int64)
    return Predictions(table=table, labels=stacked)


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
    missing = (codes < 0) & _missing(column)
    unseen = (codes < 0) & ~missing
    if missing.any():
        problems.append(f"{int(missing.sum()):,} labels of {name!r} are NaN or empty: {_where(missing, names)}")
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


def _ranked(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    column = cells[0]
    empty = _missing(column)
    if empty.any():
        problems.append(f"{int(empty.sum()):,} rows of {contract.columns[0]!r} have no label: {_where(empty, names)}")
    known = Names(contract.classes)
    meaning: dict[str, str | None] = {}
    for text in {label for cell in column for label in cell.split()}:
        position = known.find(text)
        meaning[text] = contract.classes[position] if position is not None else None
    if contract.classes:
        unseen = sorted(text for text, label in meaning.items() if label is None and text.lower() not in _MISSING)
        if unseen:
            problems.append(f"{len(unseen):,} labels were never seen in training: {shown(unseen)}")
    ranked = tuple(tuple(meaning[label] or label for label in cell.split()) for cell in column)
    return Predictions(table=table, ranked=ranked)


Reader = Callable[[Table, Cells, "Sequence[str] | None", OutputContract, "list[str]"], Predictions]
_READERS: dict[Needs, Reader] = {
    Needs.LABELS: _labels,
    Needs.PROBABILITY: _probability,
    Needs.CLASS_PROBABILITIES: _class_probabilities,
    Needs.VALUES: _values,
    Needs.RANKED_LABELS: _ranked,
}
