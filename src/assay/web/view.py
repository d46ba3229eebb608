"""View: a run as the pages read it, kept up to date by the events that its journal gains."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from assay.core.clock import Clock, SystemClock
from assay.core.collector import collector_at_rest
from assay.core.errors import IntegrityError, NothingFound
from assay.engine.pulse import Pulse, read_pulse
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.objects import ObjectStore
from assay.journal.summary import Summary, SummaryFile
from assay.report.facts import Facts
from assay.report.liveness import Liveness, judge
from assay.web.asked import whole


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
    lineage: str
    """Names this reading of the journal: what was told of another one is no base for what changed since."""
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

    @property
    def mark(self) -> str:
        """Names this moment; see `changed_since`."""
        return f"{self.lineage}.{self.events}"

    def changed_since(self, mark: str) -> int:
        """Return after how many events a page with this mark was read; 0 where it has to be told everything.

        Args:
            mark: `mark` of an earlier moment, or anything else.
        """
        lineage, _, events = mark.partition(".")
        return (whole(events) or 0) if lineage == self.lineage else 0

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
        self._first, self._lineage = 0, ""
        self._marks: list[Mark] = []
        """Of the events from `_first` on."""
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
                lineage=self._lineage,
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
            return self._first + len(self._marks)

    def marks(self, since: int) -> list[Mark]:
        """Return the events numbered `since` and up, as known from the last `catch_up`.

        Of those that a checkpoint stood for, only the last is known.
        """
        return self._marks[max(0, since - self._first) :]

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
        self._first, self._lineage = 0, uuid4().hex[:8]
        self._offset, self._seen, self._digest = 0, 0, ""
        self._take_up()

    def _take_up(self) -> None:
        """Begin with the checkpoint that the engine left, where there is one: the journal is read from there on."""
        with collector_at_rest():
            try:
                known = HistoryFile(self.folder).kept()
            except IntegrityError:
                return  # reading all of it tells which line it is
            if known is None or known[0].last is None:
                return
            self._history, self._offset = known
            self._summary = SummaryFile(self.folder).read()
        last = self._history.last
        assert last is not None
        self._digest, self._first = last.digest, last.number
        self._marks.append(_mark(last))

    def _read(self) -> None:
        events, self._offset = self._journal.read_from(self._offset, self._digest)
        for event in events:
            self._history.apply(event)
            if event.number >= self._summary.events:  # it may have been read further than the checkpoint
                self._summary.apply(event)
            self._marks.append(_mark(event))
            self._digest = event.digest


def _mark(event: Event) -> Mark:
    trial = getattr(event.payload, "trial", None)
    return Mark(event.number, event.payload.kind, trial if isinstance(trial, int) else None)
