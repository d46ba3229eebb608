"""The observer seam: whoever wants to see events as they are written."""

from __future__ import annotations

from typing import Protocol

from assay.journal.events import Event


class Observer(Protocol):
    """Sees every event after it is on the disk. It may fail; it cannot stop a run."""

    def on_event(self, event: Event) -> None:
        """Take one event. Called in order, from the engine's threads, one call at a time: return quickly."""
        ...
