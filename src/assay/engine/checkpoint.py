"""Checkpoint: when the folded history of a long run is kept, so that taking it up is quick."""

from __future__ import annotations

import logging
from pathlib import Path

from assay.engine.log import EventLog
from assay.journal.checkpoint import HistoryFile
from assay.journal.history import History

LEAST = 5_000
"""Events that are always quickly read again."""
SHARE = 0.25
"""Of the events kept before, so many new ones are waited for: all checkpoints of a run together cost as much as five
of its last, and whoever takes the run up has a fifth of its events at most to read one by one."""
LEAST_AT_END = 1_000

_logger = logging.getLogger(__name__)


class Checkpoint:
    """Keeps the history of a run when it has grown enough. For one thread.

    Args:
        folder: The run's folder.
        log: Read under its lock for no longer than a list of the records is copied.
    """

    def __init__(self, folder: Path, log: EventLog) -> None:
        self._file = HistoryFile(folder)
        self._log = log
        self._kept = self._file.events

    def keep(self, *, at_end: bool = False) -> bool:
        """Keep the history if enough is new; return whether it was. A full disk leaves the checkpoint before.

        Args:
            at_end: The process is about to leave the run: fewer new events are enough.
        """
        new = self._log.read(_events) - self._kept
        if new < (LEAST_AT_END if at_end else max(LEAST, SHARE * self._kept)):
            return False
        history = self._log.read(History.snapshot)
        try:
            self._file.write(history)
        except (OSError, ValueError, TypeError):
            _logger.warning("the checkpoint of the history could not be written", exc_info=True)
            return False
        self._kept = _events(history)
        return True


def _events(history: History) -> int:
    return 0 if history.last is None else history.last.number + 1
