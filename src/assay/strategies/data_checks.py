"""Data checks: those of `assay check`, made beside the start of a run, so that no run goes without them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assay.core.errors import AssayError
from assay.core.task import Task
from assay.data import check_apart
from assay.data.findings import DataFinding, Severity
from assay.engine.log import EventLog
from assay.journal import events as ev

EXAMINED = "data/examined"
"""Key of the note that says it was done."""
PATIENCE_S = 30.0
"""Seconds that the end of a run waits for checks which are not done by then."""

_logger = logging.getLogger(__name__)


@contextmanager
def examined(task: Task, log: EventLog) -> Iterator[None]:
    """Check the data in a thread, once for each run; what may mislead is a remark of the run.

    The checks take seconds on large tables, and the first trials need not wait for them. Notes are left to
    `assay check`: nothing needs to be done about them.
    """
    thread = threading.Thread(target=_examine, args=(task, log), name="data-checks", daemon=True)
    if log.read(lambda history: EXAMINED not in history.notes):
        thread.start()
    yield
    if thread.is_alive():
        thread.join(PATIENCE_S)


def _examine(task: Task, log: EventLog) -> None:
    try:
        found = [finding for finding in check_apart(task) if finding.severity is not Severity.NOTE]
        if log.read(lambda history: history.finished is None):
            for finding in found:
                log.add(ev.Remarked(code=finding.code, text=_told(finding)))
            log.add(ev.Noted(key=EXAMINED, value=[finding.code for finding in found]))
    except AssayError:
        _logger.warning("the data checks could not be made", exc_info=True)


def _told(finding: DataFinding) -> str:
    return f"{finding.sentence}; {finding.fix}" if finding.fix else finding.sentence
