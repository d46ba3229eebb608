"""Tracker: the observer that shows every trial of every strategy as a nested run of an experiment store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
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
START_S = 15.0
LATEST_S = 60.0
"""Seconds after the first trial is over, and after the start at the latest, before the store's process begins: it costs
seconds of a processor, which the first scores of a search and the end of a short one have better use for."""
Remark = Callable[[str, str], None]
"""Takes a code and a sentence."""

_logger = logging.getLogger(__name__)


class Tracker:
    """Puts what events change into a `Feed`. It never waits for the store, and nothing that the store does stops a run.

    Args:
        place: The store.
        writer: Whoever writes; a `Store` at the place if None.
        waits_s: Seconds before each new try after a failure.
        start_s: Seconds after the first trial is over, before the first thing is written.
        latest_s: Seconds after which it is written although no trial is over.
    """

    def __init__(
        self,
        place: Place,
        writer: RunWriter | None = None,
        *,
        waits_s: tuple[float, ...] = WAITS_S,
        start_s: float = START_S,
        latest_s: float = LATEST_S,
    ) -> None:
        self.place = place
        self._projection = Projection()
        self._feed = Feed(writer or Store(place), self._lost, waits_s=waits_s, held=True)
        self._start_s = start_s
        self._latest_s = latest_s
        self._timers: list[threading.Timer] = []
        self._scored = False
        self._objects: ObjectStore | None = None
        self._remark: Remark | None = None
        self.folder: Path | None = None
        """The run's folder, once it is followed."""
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
            self.folder = folder
            self._begin_in(self._latest_s)
            for event in FileJournal(folder / "events.jsonl").read():
                self._projection.apply(event)
            if self._projection.started:
                self._put(None)
                for number in self._projection.history.trials:
                    self._put(number)
                self._note_scored(self._projection.history.trials)
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
            self._note_scored(changed)

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
            for timer in self._timers:
                timer.cancel()
        self._end = self._feed.close(wait_s)
        return self._end

    def _note_scored(self, numbers: Iterable[int]) -> None:
        trials = self._projection.history.trials
        if not self._scored and any(trials[number].state.is_final for number in numbers):
            self._scored = True
            self._begin_in(self._start_s)

    def _begin_in(self, seconds: float) -> None:
        if seconds <= 0:
            self._feed.release()
            return
        timer = threading.Timer(seconds, self._feed.release)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

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
