"""The observer seam: whoever wants to see events as they are written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from assay.journal.events import Event


class Observer(Protocol):
    """Sees every event after it is on the disk. It may fail; it cannot stop a run."""

    def on_event(self, event: Event) -> None:
        """Take one event. Called in order, from the engine's threads, one call at a time: return quickly."""
        ...


@runtime_checkable
class Follower(Observer, Protocol):
    """An observer that must know a run from its beginning, and may have something to say in its journal."""

    def following(self, folder: Path, remark: Callable[[str, str], None]) -> AbstractContextManager[None]:
        """Follow the run in `folder` until the context ends.

        Entered before the first event that `on_event` is told of; what the journal holds by then is in the folder.

        Args:
            folder: The run's folder.
            remark: Appends a remark of a code and a text, once; not to be called after the context has ended.
        """
        ...
