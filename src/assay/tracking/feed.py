"""Feed: records on their way to a store, written by a thread of their own. It never makes anybody wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from assay.core.clock import Clock, SystemClock
from assay.core.errors import AssayError
from assay.tracking.process import StoreLost
from assay.tracking.records import Artifact, RunRecord
from assay.tracking.store import RunWriter

Files = Callable[[], tuple[Artifact, ...]]
"""Reads the artefacts of a record, in the feed's thread."""
MOST_WAITING = 2_000
_BATCH = 10
REST_S = 180.0
"""Seconds without anything to write, after which the store's process is ended: it takes 240 MB, a new one 3 s."""
_SLOW = "the experiment store was too slow"
_UNBEGUN = "the run was over before the process of the experiment store had begun"
WAITS_S = (1.0, 5.0)
"""Before the second and the third try; after that the store is given up."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FeedEnd:
    """What became of everything that was put in."""

    written: int
    """Runs that the store holds as they were last put in."""
    dropped: int
    """Runs that it does not."""
    reason: str = ""
    """Why, in a sentence; empty when nothing was dropped."""
    late: bool = False
    """Whether all that is wrong is that there was no time: the store refused nothing and failed at nothing."""


@dataclass(frozen=True)
class _Waiting:
    record: RunRecord
    files: Files | None


class Feed:
    """Writes records in the order in which their runs first came; a newer record of a run replaces a waiting one.

    Args:
        writer: The store. Used from the feed's thread; closed by `close`.
        remark: Told once, from the feed's thread, when something is dropped.
        most: Most runs that wait; further ones are dropped and counted.
        waits_s: Seconds before each new try after a failure.
        held: Whether nothing is written before `release`.
        rest_s: Seconds without anything to write, after which the store may rest.
        clock: For the wait at the end.
    """

    def __init__(
        self,
        writer: RunWriter,
        remark: Callable[[str], None],
        *,
        most: int = MOST_WAITING,
        waits_s: tuple[float, ...] = WAITS_S,
        held: bool = False,
        rest_s: float = REST_S,
        clock: Clock | None = None,
    ) -> None:
        self._writer = writer
        self._remark = remark
        self._most = most
        self._waits_s = waits_s
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._waiting: dict[str, _Waiting] = {}
        self._busy = False
        self._closed = False
        self._written: set[str] = set()
        self._dropped: set[str] = set()
        self._reason = ""
        self._lost = False
        self._told = False
        self._held = held
        self._rest_s = rest_s
        self._failing = False
        self._awake = False
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def put(self, record: RunRecord, files: Files | None = None) -> None:
        """Have `record` written some time, with the artefacts that `files` reads; returns at once."""
        with self._changed:
            if self._lost or self._closed:
                self._drop([record.key], self._reason or "it was closed")
            elif record.key in self._waiting:
                known = self._waiting[record.key].files
                self._waiting[record.key] = _Waiting(record, files or known)
            elif len(self._waiting) >= self._most:
                self._drop([record.key], f"more than {self._most} runs waited for the experiment store")
            else:
                self._waiting[record.key] = _Waiting(record, files)
            self._changed.notify_all()

    def release(self) -> None:
        """Begin to write."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def close(self, wait_s: float) -> FeedEnd:
        """Wait until everything is written, at most `wait_s` seconds; then give the store up.

        What is held is not waited for.

        Returns:
            What the store holds now and what it lacks.
        """
        deadline = self._clock.monotonic() + wait_s
        with self._changed:
            while (self._waiting or self._busy) and not (self._lost or self._held):
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            in_time = not (self._waiting or self._busy)
            late = not (self._dropped or self._failing)
            self._closed = True
            if not in_time and not self._lost:
                self._drop(list(self._waiting), _UNBEGUN if self._held else _SLOW)
            self._waiting.clear()
            self._changed.notify_all()
        self._writer.close()
        self._thread.join(timeout=5.0)
        with self._changed:
            return FeedEnd(
                written=len(self._written - self._dropped),
                dropped=len(self._dropped),
                reason=self._reason,
                late=late and bool(self._dropped),
            )

    # --- the thread

    def _work(self) -> None:
        failures = 0
        while (batch := self._next()) is not None:
            try:
                ids = self._writer.write([_with_files(one) for one in batch])
            except (StoreLost, AssayError) as error:
                failures += 1
                reason = error.reason if isinstance(error, StoreLost) else error.message
                self._failed(batch, reason, failures)
                continue
            except Exception as error:  # a broken tracker must not leave a waiting thread behind
                _logger.warning("tracking failed", exc_info=True)
                self._failed(batch, f"{type(error).__name__}: {error}", len(self._waits_s) + 1)
                continue
            failures = 0
            self._done(batch, set(ids))

    def _next(self) -> list[_Waiting] | None:
        """Return what to write next; None when there will be nothing any more."""
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                idle = not self._wait_for_work()
                if self._closed or self._lost:
                    return None
                if not idle:
                    self._busy = self._awake = True
                    keys = list(self._waiting)[:_BATCH]
                    return [self._waiting.pop(key) for key in keys]
                self._awake = False
            # Without the lock: ending a process takes a moment, and whoever puts something in must not wait for it.
            self._writer.rest()

    def _wait_for_work(self) -> bool:
        """Return once there is something to write, or nothing ever will be; False if there was nothing for long."""
        while (self._held or not self._waiting) and not self._closed and not self._lost:
            if not self._changed.wait(self._rest_s if self._awake else None) and self._awake:
                return False
        return True

    def _done(self, batch: list[_Waiting], written: set[str]) -> None:
        with self._changed:
            self._failing = False
            keys = {one.record.key for one in batch}
            self._written |= keys & written
            self._dropped -= keys & written
            if keys - written:
                self._drop(sorted(keys - written), "the experiment store did not take them")

    def _failed(self, batch: list[_Waiting], reason: str, failures: int) -> None:
        with self._changed:
            if self._closed:
                self._drop([one.record.key for one in batch], _SLOW)
                return
            self._failing = True
            if failures <= len(self._waits_s):
                # Before everything that came later: a run is written before what is nested in it.
                again = {one.record.key: self._waiting.pop(one.record.key, one) for one in batch}
                self._waiting = {**again, **self._waiting}
                self._changed.wait_for(lambda: self._closed, self._waits_s[failures - 1])
                return
            self._lost = True
            keys = [*(one.record.key for one in batch), *self._waiting]
            self._waiting.clear()
            self._drop(keys, reason)

    def _drop(self, keys: list[str], reason: str) -> None:
        self._dropped |= set(keys)
        self._reason = self._reason or reason
        if keys and not self._told and not self._closed:
            self._told = True
            # Without the lock: whoever is told may be waiting to put something in.
            threading.Thread(target=self._remark, args=(reason,), name="tracking-remark", daemon=True).start()


def _with_files(one: _Waiting) -> RunRecord:
    if one.files is None:
        return one.record
    return replace(one.record, artifacts=(*one.record.artifacts, *one.files()))
