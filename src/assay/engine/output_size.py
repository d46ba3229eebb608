"""Output size: how large a file of predictions can honestly be; what is larger would only fill the run's disk."""

from __future__ import annotations

from assay.core.metric import Needs
from assay.core.task import Task
from assay.core.view import View

MOST_BYTES = 2 * 2**30
"""Whatever the task."""
_ID_BYTES = 1_024
_NUMBER_BYTES = 32
_RANKED = 64
"""Labels in a cell of a ranking."""
_UNKNOWN_COLUMNS = 1_000
"""Where only the user's own metric knows the columns."""
_SLACK = 4
_LEAST = 2**20


def most_output_bytes(task: Task, view: View) -> int:
    """Return a size in bytes that no honest output for `view` reaches; a wide bound, the grader's own is closer.

    A sparse file costs its author nothing, and a copy of it costs the run its full length.
    """
    contract = task.output
    columns = max(len(contract.columns), len(contract.classes)) or _UNKNOWN_COLUMNS
    longest = max((len(label.encode()) for label in contract.classes), default=0)
    labels = _RANKED if contract.needs is Needs.RANKED_LABELS else 1
    head = sum(len(name.encode()) for name in (*contract.columns, *contract.classes))
    row = _ID_BYTES + columns * labels * (longest + _NUMBER_BYTES)
    return min(MOST_BYTES, _LEAST + _SLACK * (head + (view.test_rows + 1) * row))
