"""Disk room: while the disk of a run is nearly full nothing new is started; once there is room, the run goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from assay.core.clock import Clock
from assay.engine.log import EventLog
from assay.journal import events as ev

FULL = "W440"
MOST_KEPT_BYTES = 2**30
"""So much is kept free for the journal, the reports and the submission, ..."""
KEPT_SHARE = 0.03
"""... or of a small disk this share."""
LOOK_S = 1.0
"""Seconds between two looks at a full disk."""


class Room:
    """Watches the disk of a run folder. Safe for several threads.

    Args:
        log: Takes one remark when the run begins to wait and one when it goes on.
        clock: Passes the time.
        folder: A folder on the disk.
        is_over: Whether nothing is to be started any more.
        measure: Returns the free and all bytes of the disk that holds a folder.
    """

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        folder: Path,
        *,
        is_over: Callable[[], bool],
        measure: Callable[[Path], tuple[int, int]] | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._folder = folder
        self._is_over = is_over
        self._measure = measure or free_and_all
        self._lock = threading.Lock()
        self._waiting = 0

    def wait(self, most_s: float | None = None) -> float:
        """Return once there is room, nothing is to be started any more, or `most_s` seconds have passed.

        Returns:
            The seconds that it took.
        """
        begun = self._clock.monotonic()
        if self.has_room():
            return 0.0
        self._begin()
        try:
            while not self.has_room() and not self._is_over():
                if most_s is not None and self._clock.monotonic() - begun >= most_s:
                    break
                self._clock.sleep(LOOK_S)
        finally:
            self._end()
        return self._clock.monotonic() - begun

    def has_room(self) -> bool:
        """Return whether enough is free for something new to be started."""
        try:
            free, total = self._measure(self._folder)
        except OSError:
            return True  # what cannot be measured is no reason to wait
        return free >= min(MOST_KEPT_BYTES, KEPT_SHARE * total)

    def _begin(self) -> None:
        with self._lock:
            self._waiting += 1
            if self._waiting == 1:
                free = self._measure(self._folder)[0]
                text = f"only {free // 2**20} MB are free on the disk; nothing new is started until there is more"
                self._log.add(ev.Remarked(code=FULL, text=f"{text} (assay gc)"))

    def _end(self) -> None:
        with self._lock:
            self._waiting -= 1
            if self._waiting == 0 and self.has_room():
                self._log.add(ev.Remarked(code=FULL, text="there is room on the disk again; the run goes on"))


def free_and_all(folder: Path) -> tuple[int, int]:
    """Return the free and all bytes of the disk that holds `folder`.

    Raises:
        OSError: The folder is gone.
    """
    info = os.statvfs(folder)
    return info.f_bavail * info.f_frsize, info.f_blocks * info.f_frsize
