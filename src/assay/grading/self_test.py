"""Self-test: whether a user's own metric gives the answers themselves a score. Runs in the grading process only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assay.core.errors import TaskError
from assay.core.metric import Needs
from assay.grading.answers import Answers
from assay.grading.grading_task import GradingTask
from assay.grading.own_metric import own_value
from assay.grading.predictions import Rejected
from assay.grading.table import Table

_SURE = 0.95
"""Probability given to what is right: a logarithm of one or nothing would be no fair test."""


def scores_its_answers(asked: GradingTask, answers: Answers, path: Path) -> bool:
    """Return whether the metric gives predictions made from the answers a finite score.

    Args:
        asked: Names the metric's file and the form of a submission.
        answers: The answers of a view.
        path: Their file, which the metric reads.
    """
    grader = Path(asked.grader or "")
    for submission in _perfect(asked, answers):
        try:
            own_value(grader, submission, path)
        except (TaskError, Rejected):
            continue
        return True
    return False


def _perfect(asked: GradingTask, answers: Answers) -> Iterator[Table]:
    """Yield the answers as submissions: as they are, as probabilities of the classes, and as they lie in the file."""
    table, contract = answers.table, asked.output
    targets = [table.column(name) for name in answers.targets if name in table.header]
    columns = contract.columns or answers.targets
    if targets and len(targets) == len(columns):
        yield _submission(asked, table, columns, targets)
        if contract.needs in (Needs.PROBABILITY, Needs.CLASS_PROBABILITIES) and _are_shares(targets):
            yield _submission(asked, table, columns, [_hedged(column) for column in targets])
    if len(targets) == 1:
        classes = contract.classes if len(contract.classes) == len(columns) else columns
        wanted = classes if len(columns) > 1 else tuple(sorted(set(targets[0])))[-1:]
        right = [tuple(str(int(cell == name)) for cell in targets[0]) for name in wanted]
        yield _submission(asked, table, columns, [_hedged(column) for column in right])
    yield table


def _submission(asked: GradingTask, table: Table, names: tuple[str, ...], columns: list[tuple[str, ...]]) -> Table:
    wanted = (asked.output.id_column, asked.id_column) if asked.output.id_column else ()
    ids = next((name for name in wanted if name in table.header), None)
    if ids is None:
        return Table(header=names, columns=tuple(columns), rows=table.rows)
    header = (asked.output.id_column or ids, *names)
    return Table(header=header, columns=(table.column(ids), *columns), rows=table.rows)


def _are_shares(columns: list[tuple[str, ...]]) -> bool:
    return {cell for column in columns for cell in column} <= {"0", "1", "0.0", "1.0"}


def _hedged(column: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{_SURE if float(cell) == 1 else 1 - _SURE:g}" for cell in column)
