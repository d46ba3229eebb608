"""Private answers, and their join with validated predictions. Runs in the grading process only."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.core.errors import TaskError
from assay.core.metric import Metric, Needs
from assay.grading.arrays import Codes, Floats, Pairs
from assay.grading.grading_task import GradingTask
from assay.grading.names import Names, label_order
from assay.grading.predictions import Expected, Predictions, Rejected
from assay.grading.table import Table, Unreadable, read_header


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The hidden labels of a view, as text, and what a prediction file about them must look like."""

    table: Table
    expected: Expected
    targets: tuple[str, ...]
    """Columns of `table` that hold the answers, in the order of the prediction columns."""
    place: Codes | None = None
    """Which of the expected rows each answer is about; None where every row has an answer, in the same order."""

    def narrowed(self, predictions: Predictions) -> Predictions:
        """Return the predictions that have answers."""
        return predictions if self.place is None else predictions.take(self.place)


def read_answers(path: Path, asked: GradingTask, whole: Mapping[str, Any] | None = None) -> Answers:
    """Return the answers in `path` with labels in order.

    Args:
        path: The private CSV.
        asked: The task.
        whole: Where the answers cover only some of the rows to predict: the request, whose `sample` or `test` file
            names them all.

    Raises:
        TaskError: E136: the file does not hold the target columns, or answers rows that nobody is asked for.
    """
    table = read_trusted(path)
    wanted = (asked.output.id_column, asked.id_column) if asked.output.id_column else ()
    ids = next((name for name in wanted if name in table.header), None)
    targets = asked.targets
    if not set(targets) <= set(table.header):
        targets = asked.output.columns
    if not asked.grader and not set(targets) <= set(table.header):
        raise TaskError("E136", f"the answers have the columns {list(table.header)!r}, not {list(asked.targets)!r}")
    contract = asked.output
    if contract.needs is Needs.LABELS and not asked.grader:
        seen = {cell for name in targets for cell in table.column(name)}
        known = Names(contract.classes, booleans=True)
        new = [cell for cell in seen if known.find(cell) is None]
        contract = replace(contract, classes=label_order((*contract.classes, *new)))
    own = Expected(contract=contract, rows=table.rows, ids=table.column(ids) if ids else None)
    if whole is None:
        return Answers(table=table, expected=own, targets=targets)
    expected = replace(expected_rows(asked, whole), contract=contract)
    return Answers(table=table, expected=expected, targets=targets, place=_place(own, expected))


def _place(answered: Expected, expected: Expected) -> Codes:
    find = Names(expected.ids or ()).find
    found = [find(text) for text in answered.ids or ()]
    lost = [text for text, at in zip(answered.ids or (), found, strict=True) if at is None]
    if lost or len(found) != answered.rows:
        raise TaskError("E136", f"answers of rows that nobody is asked for: {lost[:3]!r}")
    return np.array(found, dtype=np.int64)


def read_trusted(path: Path) -> Table:
    """Return a CSV file that Assay itself wrote."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        header = tuple(next(reader, ()))
        body = [row for row in reader if row]
    columns = tuple(zip(*body, strict=True)) if body else tuple(() for _ in header)
    return Table(header=header, columns=columns, rows=len(body))


def join(asked: GradingTask, answers: Answers, predictions: Predictions) -> Pairs:
    """Return answers and predictions row by row.

    Raises:
        TaskError: E136: an answer is not what the metric needs.
    """
    contract = answers.expected.contract
    pairs = Pairs(needs=contract.needs, rows=answers.table.rows, numbers=predictions.numbers)
    if contract.needs is Needs.VALUES:
        return replace(pairs, truth=_numbers(answers))
    if contract.needs is Needs.RANKED_LABELS:
        relevant = tuple(tuple(cell.split()) for cell in answers.table.column(answers.targets[0]))
        if contract.classes:
            relevant = _known(relevant, contract.classes)
        return replace(pairs, relevant=relevant, ranked=predictions.ranked)
    classes = class_names(answers)
    codes = _codes(answers, classes)
    positive = _positive(asked.metric, classes)
    return replace(pairs, codes=codes, labels=predictions.labels, classes=classes, positive=positive)


def _known(lists: tuple[tuple[str, ...], ...], classes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the labels as the contract spells them; predictions are spelled so too."""
    names = Names(classes)
    found = {label: names.find(label) for row in lists for label in row}
    spelled = {label: label if at is None else classes[at] for label, at in found.items()}
    return tuple(tuple(spelled[label] for label in row) for row in lists)


def class_names(answers: Answers) -> tuple[str, ...]:
    """Return the classes that codes are positions in; for class probabilities in the order of the columns."""
    contract = answers.expected.contract
    if contract.needs is Needs.CLASS_PROBABILITIES:
        return contract.classes or contract.columns
    if contract.needs is Needs.LABELS:
        return contract.classes
    seen = contract.classes or {cell for name in answers.targets for cell in answers.table.column(name)}
    if not contract.classes and len(seen) == 1 and Names(("0", "1"), booleans=True).find(next(iter(seen))) is not None:
        return ("0", "1")
    return label_order(seen)


def _numbers(answers: Answers) -> Floats:
    try:
        values = np.array([[float(cell) for cell in answers.table.column(name)] for name in answers.targets])
    except ValueError as error:
        raise TaskError("E136", f"an answer is not a number: {error}") from error
    if not np.isfinite(values).all():
        raise TaskError("E136", f"{int((~np.isfinite(values)).sum())} answers are not finite numbers")
    return np.ascontiguousarray(values.T)


def _codes(answers: Answers, classes: Sequence[str]) -> Codes:
    contract = answers.expected.contract
    one_hot = contract.needs is Needs.CLASS_PROBABILITIES and len(answers.targets) == len(classes) > 1
    if one_hot:
        return np.asarray(_numbers(answers).argmax(axis=1)[:, None], dtype=np.int64)
    names = Names(classes, booleans=True)
    columns = []
    for target in answers.targets:
        cells = answers.table.column(target)
        position = {cell: names.find(cell) for cell in set(cells)}
        unknown = sorted(cell for cell, at in position.items() if at is None)
        if unknown:
            raise TaskError("E136", f"answers in {target!r} are none of the known classes: {unknown[:3]!r}")
        columns.append([position[cell] for cell in cells])
    return np.array(columns, dtype=np.int64).T.reshape(answers.table.rows, len(answers.targets))


def _positive(metric: Metric, classes: Sequence[str]) -> int:
    """Return the positive class: the metric's parameter, else the last of two (1, True, yes)."""
    wanted = metric.param("positive", "")
    if wanted == "":
        return len(classes) - 1 if len(classes) <= 2 else 1
    found = Names(classes, booleans=True).find(f"{wanted:g}" if isinstance(wanted, float) else str(wanted))
    if found is None:
        raise TaskError("E136", f"the positive label {wanted!r} is none of the classes {list(classes)!r}")
    return found


def any_columns(expected: Expected, path: Path) -> Expected:
    """Return what is expected; where the contract names no columns, those of the file itself.

    Raises:
        Rejected: The file has no readable header.
    """
    if expected.contract.columns:
        return expected
    try:
        header = read_header(path)
    except Unreadable as error:
        raise Rejected(error.problems) from error
    columns = tuple(name for name in header if name != expected.contract.id_column)
    return replace(expected, contract=replace(expected.contract, columns=columns))


def expected_of(asked: GradingTask, request: Mapping[str, Any]) -> Expected:
    """Return what predictions must look like: by the answers, else by the sample or the test file of the view.

    Raises:
        TaskError: E137: no file says which rows are asked for.
    """
    if request.get("answers"):
        return answers_of(asked, request).expected
    return expected_rows(asked, request)


def answers_of(asked: GradingTask, request: Mapping[str, Any]) -> Answers:
    """Return the answers that a request names."""
    return read_answers(Path(request["answers"]), asked, request if request.get("partial") else None)


def expected_rows(asked: GradingTask, request: Mapping[str, Any]) -> Expected:
    """Return what predictions must look like by the sample or the test file of the view.

    Raises:
        TaskError: E137: no file says which rows are asked for.
    """
    from assay.data.cells import as_text
    from assay.data.tables import read_table

    for name, column in (("sample", asked.output.id_column), ("test", asked.id_column or asked.output.id_column)):
        if not request.get(name):
            continue
        frame = read_table(Path(request[name])).frame
        if asked.output.id_column is None:
            return Expected(contract=asked.output, rows=len(frame))
        if column in frame.columns:
            ids = tuple(as_text(frame[column]))
            return Expected(contract=asked.output, rows=len(ids), ids=ids)
    raise TaskError("E137", f"no file of the view holds the ids {asked.output.id_column!r} to predict")
