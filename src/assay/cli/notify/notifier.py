"""Notifier: the observer that sends notices, from a thread of its own. Nothing that a channel does stops a run."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.cli.notify.channels import Channel, reason_of
from assay.core.clock import Clock, SystemClock, iso_utc
from assay.core.errors import AssayError
from assay.journal.events import Event
from assay.journal.summary import SummaryFile
from assay.report.notices import Notice, Notices

LOG = "notify.log"
UNSENT = "W302"
"""Remark: a notice did not go through."""
TRIES = 3
END_WAIT_S = 35.0
"""Seconds that the end of a run waits for its last notice at most."""

_logger = logging.getLogger(__name__)


class Notifier:
    """Sends each notice of a run once, and writes into `notify.log` what became of it.

    Args:
        channel: Where notices go.
        pause_s: Seconds before the second try; doubled before the third.
        clock: For the log.
    """

    def __init__(self, channel: Channel, *, pause_s: float = 2.0, clock: Clock | None = None) -> None:
        self._channel = channel
        self._clock = clock or SystemClock()
        self._pause_s = pause_s
        self._notices = Notices()
        self._queue: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._folder: Path | None = None
        self._remark: Callable[[str, str], None] | None = None
        self._closing = threading.Event()

    @contextmanager
    def following(self, folder: Path, remark: Callable[[str, str], None]) -> Iterator[None]:
        """Follow the run in `folder` while the block runs; of what its journal holds by then nobody is told again."""
        known = SummaryFile(folder).read() if (folder / "events.jsonl").exists() else None
        self._notices, self._folder, self._remark = Notices(known), folder, remark
        thread = threading.Thread(target=self._work, name="notify", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._remark = None  # the journal may be closed from here on
            cut_off = self._notices.interrupted()
            if cut_off is not None:
                self._queue.put(cut_off)
            self._queue.put(None)
            self._closing.set()
            thread.join(END_WAIT_S)

    def on_event(self, event: Event) -> None:
        """Take one event; what is to be said goes to the thread."""
        for notice in self._notices.take(event):
            self._queue.put(notice)

    def _work(self) -> None:
        while (notice := self._queue.get()) is not None:
            try:
                self._deliver(notice)
            except Exception:  # a broken channel or a full disk is no reason to be without the next notice
                _logger.warning("a notice was lost", exc_info=True)

    def _deliver(self, notice: Notice) -> None:
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                self._closing.wait(self._pause_s * 2 ** (attempt - 1))
            try:
                self._channel.send(f"assay {notice.run}", notice.text)
            except (OSError, ValueError) as error:
                problem = reason_of(error)
            else:
                self._note(notice, f"sent by {self._channel.name}")
                return
        self._note(notice, f"NOT sent by {self._channel.name}: {problem}")
        remark = self._remark
        if remark is not None:
            try:
                remark(UNSENT, f"a notice was not sent by {self._channel.name}: {problem}; {LOG} has all of them")
            except (AssayError, OSError, ValueError):
                _logger.info("the journal did not take a remark about a notice", exc_info=True)

    def _note(self, notice: Notice, end: str) -> None:
        if self._folder is None:
            return
        now = iso_utc(self._clock.now())
        with (self._folder / LOG).open("a", encoding="utf-8") as stream:
            stream.write(f"{now} {notice.text} ({end})\n")
