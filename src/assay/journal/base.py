"""The journal's backend seam: where events are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.journal.events import Event


class JournalBackend(Protocol):
    """Keeps events in order. One writer at a time: the run's lease sees to it.

    The engine appends from several threads, one call at a time; everybody else only reads.
    """

    def read(self, since: int = 0) -> Sequence[Event]:
        """Return the whole events numbered `since` and up, in order. A torn last line is not an event.

        Args:
            since: Number of the first event that is wanted, 0 or more; beyond the last there is none.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        ...

    def append(self, events: Sequence[Event]) -> None:
        """Add `events`; they are on the disk when this returns. Heals a torn tail before the first append.

        Args:
            events: Those that follow the last one, in order; none is fine.

        Raises:
            MachineError: The disk is full or the file cannot be written (E501); nothing is half-added.
        """
        ...
