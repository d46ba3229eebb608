"""A prediction file becomes arrays in the order of the answers, or a complete list of what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from assay.core.metric import Needs
from assay.core.task import OutputContract
from assay.grading.cells import (
    MISSING,
    Cells,
    label_column,
    missing_cells,
    number_column,
    probability_columns,
    side_by_side,
    where,
)
from assay.grading.names import Names
from assay.grading.predictions import Expected, Predictions, Rejected
from assay.grading.table import Table, Unreadable, read_table, shown

_SUM_TOLERANCE = 1e-3


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


def _values(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    columns = [number_column(n, c, names, problems) for n, c in zip(contract.columns, cells, strict=True)]
    return Predictions(table=table, numbers=side_by_side(columns, table.rows))


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
            problems.append(f"{int(off.sum()):,} rows {rule} (the first sums to {first:.6g}): {where(off, names)}")
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


def _ranked(
    table: Table, cells: Cells, names: Sequence[str] | None, contract: OutputContract, problems: list[str]
) -> Predictions:
    column = cells[0]
    empty = missing_cells(column)
    if empty.any():
        problems.append(f"{int(empty.sum()):,} rows of {contract.columns[0]!r} have no label: {where(empty, names)}")
    known = Names(contract.classes)
    meaning: dict[str, str | None] = {}
    for text in {label for cell in column for label in cell.split()}:
        position = known.find(text)
        meaning[text] = contract.classes[position] if position is not None else None
    if contract.classes:
        unseen = sorted(text for text, label in meaning.items() if label is None and text.lower() not in MISSING)
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
