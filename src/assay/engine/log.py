"""The event log: the journal and the history derived from it, kept in step for several threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from assay.core.clock import Clock
from assay.engine.observer import Observer
from assay.journal.base import JournalBackend
from assay.journal.events import Event, Payload, Remarked
from assay.journal.history import History

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class EventLog:
    """Appends events in one order, folds them into a `History` and tells observers.

    Args:
        backend: Where events are kept; what it already holds is read at once.
        clock: Gives events their time.
        observers: Told of every event appended from now on. One that raises is told no more.
        history: What the backend already holds, where that was folded before, as by `HistoryFile`.
    """

    def __init__(
        self,
        backend: JournalBackend,
        clock: Clock,
        observers: Sequence[Observer] = (),
        *,
        history: History | None = None,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._observers = list(observers)
        self._lock = threading.RLock()
        self._history = History(backend.read()) if history is None else history

    def add(self, payload: Payload) -> Event:
        """Append one event; it is on the disk and in the history when this returns.

        Raises:
            MachineError: The journal cannot be written (E501).
        """
        with self._lock:
            event = Event.after(self._history.last, time=self._clock.now(), payload=payload)
            self._backend.append([event])
            self._history.apply(event)
            for observer in tuple(self._observers):
                self._tell(observer, event)
            return event

    def remark_once(self, code: str, text: str) -> None:
        """Append a remark, unless it was made before: a resumed run comes by the same places again."""
        with self._lock:
            if text not in [remark.text for _, remark in self._history.remarks]:
                self.add(Remarked(code=code, text=text))

    def read(self, question: Callable[[History], T]) -> T:
        """Return `question(history)` while no event is added."""
        with self._lock:
            return question(self._history)

    def create(self, make: Callable[[History], Payload]) -> Event:
        """Append the event that `make` builds from the history, with nothing in between."""
        with self._lock:
            return self.add(make(self._history))

    def pinned(self, steps: int) -> History:
        """Return `History.pinned(steps)`, safe to read while the run goes on."""
        with self._lock:
            return self._history.pinned(steps)

    def _tell(self, observer: Observer, event: Event) -> None:
        try:
            observer.on_event(event)
        except Exception:  # a broken display must not end a night's run
            _logger.warning("observer %r failed and is told no more", observer, exc_info=True)
            self._observers.remove(observer)
