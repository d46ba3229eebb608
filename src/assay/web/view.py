"""View: a run as the pages read it, kept up to date by the events that its journal gains."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assay.core.clock import Clock, SystemClock
from assay.core.errors import NothingFound
from assay.engine.pulse import Pulse, read_pulse
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.objects import ObjectStore
from assay.journal.summary import Summary
from assay.report.facts import Facts
from assay.report.liveness import Liveness, judge


@dataclass(frozen=True)
class Mark:
    """An event as the stream announces it: what kind, and of which trial."""

    number: int
    kind: str
    trial: int | None


@dataclass(kw_only=True)
class RunView:
    """A run at one moment. Valid while the reader that made it is held; nothing of it may be kept or changed."""

    folder: Path
    history: History
    summary: Summary
    pulse: Pulse | None
    holder: tuple[int, float] | None
    """Pid and start time of the process that holds the run."""
    now: float
    """Seconds since the epoch."""
    cache: dict[str, object]
    """What pages keep for this run from one call to the next; empty again after the journal was replaced."""

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return self.folder.name

    @property
    def events(self) -> int:
        """Number of events so far."""
        return self.summary.events

    @cached_property
    def liveness(self) -> Liveness:
        """How the run is doing."""
        return judge(self.summary, self.pulse, self.holder, self.now)

    @cached_property
    def objects(self) -> ObjectStore:
        """Where candidates, logs and outputs are kept."""
        return ObjectStore(self.folder / "objects")

    @property
    def facts(self) -> Facts:
        """The questions that the report asks; made once for each state of the journal."""
        known = self.cache.get("facts")
        if isinstance(known, tuple) and known[0] == (self.events, self.holder is None):
            facts: Facts = known[1]
            return facts
        facts = Facts(self.history, self.objects, final=self.holder is None)
        self.cache["facts"] = ((self.events, self.holder is None), facts)
        return facts


class RunReader:
    """Follows the journal of one run: each event is read and folded once, however often somebody looks.

    Safe for several threads.

    Args:
        folder: The run's folder.
        clock: What time it is.
    """

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self.folder = folder
        self.epoch = 0
        """Grows when the journal turned out to be another one than before."""
        self._path = folder / "events.jsonl"
        self._journal = FileJournal(self._path)
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._history, self._summary = History(), Summary()
        self._marks: list[Mark] = []
        self._cache: dict[str, object] = {}
        self._inode, self._offset, self._seen, self._digest = -1, 0, 0, ""

    @contextlib.contextmanager
    def view(self) -> Iterator[RunView]:
        """Give the run as of now, held until the block ends.

        Raises:
            NothingFound: The folder is gone, or its journal is empty (E201).
            IntegrityError: The journal is not what was written (E401).
        """
        with self._lock:
            self.catch_up()
            if self._history.started is None:
                raise NothingFound("E201", f"the run {self.folder.name!r} has no whole event yet", fix="assay ls")
            yield RunView(
                folder=self.folder,
                history=self._history,
                summary=self._summary,
                pulse=read_pulse(self.folder),
                holder=read_holder(self.folder / LEASE_FILE),
                now=self._clock.now(),
                cache=self._cache,
            )

    def catch_up(self) -> int:
        """Fold what the journal has gained; return the number of events so far.

        Raises:
            NothingFound: The folder is gone (E201).
            IntegrityError: The journal is not what was written (E401).
        """
        with self._lock:
            state = self._stat()
            if state.st_ino != self._inode or state.st_size < self._offset:
                self._begin()
                self._inode = state.st_ino
                self.epoch += 1
            if state.st_size > self._seen:
                self._read()
                self._seen = state.st_size
            return len(self._marks)

    def marks(self, since: int) -> list[Mark]:
        """Return the events numbered `since` and up, as known from the last `catch_up`."""
        return self._marks[since:]

    def _stat(self) -> os.stat_result:
        try:
            return self._path.stat()
        except OSError:
            raise NothingFound(
                "E201", f"the run {self.folder.name!r} is gone: its folder has no journal any more", fix="assay ls"
            ) from None

    def _begin(self) -> None:
        self._history, self._summary = History(), Summary()
        self._marks.clear()
        self._cache.clear()
        self._offset, self._seen, self._digest = 0, 0, ""

    def _read(self) -> None:
        events, self._offset = self._journal.read_from(self._offset, self._digest)
        for event in events:
            self._history.apply(event)
            self._summary.apply(event)
            self._marks.append(_mark(event))
            self._digest = event.digest


def _mark(event: Event) -> Mark:
    trial = getattr(event.payload, "trial", None)
    return Mark(event.number, event.payload.kind, trial if isinstance(trial, int) else None)
