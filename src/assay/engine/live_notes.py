"""Live notes: failures that were seen in a halted run that went on, and in no run of their own."""

from __future__ import annotations

from assay.core.codec import decode, encode
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.history import History
from assay.kinds.base import Failure


def note_live(log: EventLog, trial: str, attempt: int, failure: Failure) -> None:
    """Note how an attempt failed live.

    Args:
        log: Where.
        trial: Key of the trial.
        attempt: The attempt that was mended live.
        failure: How it went on to fail.
    """
    log.add(ev.Noted(key=_key(trial, attempt), value=encode(failure)))


def noted_live(history: History, trial: str, attempt: int) -> Failure | None:
    """Return how an attempt failed live, or None if nothing of that is noted."""
    noted = history.notes.get(_key(trial, attempt))
    return None if noted is None else decode(Failure, noted)


def _key(trial: str, attempt: int) -> str:
    return f"{trial}/live-{attempt}"
