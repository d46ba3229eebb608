"""A journal in memory, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from assay.journal.events import Event


class MemoryJournal:
    """Keeps events in a list.

    Args:
        events: To begin with, in order.
    """

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self._events = list(events)

    def read(self, since: int = 0) -> Sequence[Event]:
        """Return the events numbered `since` and up."""
        return tuple(self._events[since:])

    def append(self, events: Sequence[Event]) -> None:
        """Add `events`."""
        self._events.extend(events)
