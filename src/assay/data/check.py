"""Check: what is wrong with the data, said before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.task import SplitKind, Task
from assay.data.check_leaks import leaks
from assay.data.check_rows import rows_and_columns
from assay.data.check_split import split_findings
from assay.data.check_written import numbers_as_text
from assay.data.facts import Facts, facts_of
from assay.data.findings import DataFinding, Severity

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def check(task: Task) -> list[DataFinding]:
    """Return what is worth knowing about the task's data, the gravest first.

    Tables alone are looked into: where the user's own `prepare` makes the data, there is nothing to say.

    Raises:
        TaskError: A file cannot be read.
    """
    if task.split.kind is SplitKind.PREPARED:
        return []
    return check_facts(task, facts_of(task))


def check_facts(task: Task, facts: Facts) -> list[DataFinding]:
    """Return the same for tables that have been read already."""
    return sorted(_all(task, facts), key=lambda finding: (_ORDER[finding.severity], finding.code))


def _all(task: Task, facts: Facts) -> Iterator[DataFinding]:
    yield from rows_and_columns(task, facts)
    yield from numbers_as_text(task, facts)
    yield from leaks(task, facts)
    yield from split_findings(task, facts)
