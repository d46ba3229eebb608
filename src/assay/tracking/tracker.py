"""Tracker: the observer that shows every trial of every strategy as a nested run of an experiment store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from assay.core.errors import AssayError
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.objects import ObjectStore
from assay.tracking.artifacts import TrialFiles, report_files
from assay.tracking.feed import WAITS_S, Feed, FeedEnd
from assay.tracking.place import Place
from assay.tracking.projection import Projection
from assay.tracking.store import RunWriter, Store

LOST = "W420"
"""Remark: the experiment store did not take everything."""
Remark = Callable[[str, str], None]
"""Takes a code and a sentence."""

_logger = logging.getLogger(__name__)


class Tracker:
    """Puts what events change into a `Feed`. It never waits for the store, and nothing that the store does stops a run.

    Args:
        place: The store.
        writer: Whoever writes; a `Store` at the place if None.
        waits_s: Seconds before each new try after a failure.
    """

    def __init__(self, place: Place, writer: RunWriter | None = None, *, waits_s: tuple[float, ...] = WAITS_S) -> None:
        self.place = place
        self._projection = Projection()
        self._feed = Feed(writer or Store(place), self._lost, waits_s=waits_s)
        self._objects: ObjectStore | None = None
        self._remark: Remark | None = None
        self._lock = threading.Lock()
        self._remarking = threading.Lock()
        self._end: FeedEnd | None = None

    @contextmanager
    def following(self, folder: Path, remark: Remark) -> Iterator[None]:
        """Follow the run in `folder` while the block runs; what its journal holds already is brought up to date.

        Args:
            folder: The run's folder.
            remark: Writes a remark into the journal; used while the block runs only.
        """
        with self._lock:
            self._objects = ObjectStore(folder / "objects")
            self._remark = remark
            for event in FileJournal(folder / "events.jsonl").read():
                self._projection.apply(event)
            if self._projection.started:
                self._put(None)
                for number in self._projection.history.trials:
                    self._put(number)
        try:
            yield
        finally:
            # After the block the journal belongs to nobody: a remark under way is waited for, and none comes later.
            with self._remarking:
                self._remark = None

    def on_event(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            changed = self._projection.apply(event)
            if changed is None or not self._projection.started:
                return
            # A trial that ends may be the best one: that stands in the run's own record.
            self._put(None)
            for number in changed:
                self._put(number)

    def deliver(self, folder: Path) -> None:
        """Have the reports in `folder` kept with the run."""
        with self._lock:
            if self._projection.started:
                files = report_files(folder)
                self._feed.put(replace(self._projection.run_record(), artifacts=files))

    def close(self, wait_s: float) -> FeedEnd:
        """Wait at most `wait_s` seconds for the store, then give it up; the first call's result is kept."""
        with self._lock:
            if self._end is not None:
                return self._end
            if self._projection.started and self._projection.history.finished is None:
                self._feed.put(self._projection.run_record(paused=True))
                for number in self._projection.unfinished:
                    self._feed.put(self._projection.trial_record(number, paused=True))
        self._end = self._feed.close(wait_s)
        return self._end

    def _put(self, number: int | None) -> None:
        if number is None:
            self._feed.put(self._projection.run_record())
            return
        history = self._projection.history
        final = history.trials[number].state.is_final and self._objects is not None
        files = partial(TrialFiles(history, number).read, self._objects) if final and self._objects else None
        self._feed.put(self._projection.trial_record(number), files)

    def _lost(self, reason: str) -> None:
        _logger.warning("tracking: %s", reason)
        text = (
            f"the experiment store at {self.place.uri} did not take everything: {reason}; the search goes on, and"
            " assay export --mlflow writes all of it from the journal"
        )
        with self._remarking:
            if self._remark is None:
                return
            try:
                self._remark(LOST, text)
            except AssayError:
                _logger.warning("the remark could not be written", exc_info=True)
