"""The lease: one writer of a run at a time, known by pid and start time."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

import psutil

from assay.core.errors import UsageError

LEASE_FILE = "lease"
"""Name of the lock file in a run folder."""


class Lease:
    """Holds a run folder for this process until `release` or the end of the process.

    The operating system drops the lock when the holder dies, so a stale lease needs no clean-up; the file's text only
    tells people who holds it.

    Args:
        path: Lock file; created if it is not there.

    Raises:
        UsageError: Another live process holds it (E021).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: IO[str] = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = read_holder(path)
            self._stream.close()
            who = f"process {holder[0]}" if holder else "another process"
            raise UsageError(
                "E021", f"the run {path.parent.name!r} is being worked on by {who}", fix="assay status"
            ) from None
        self._stream.truncate(0)
        json.dump({"pid": os.getpid(), "started": psutil.Process().create_time()}, self._stream)
        self._stream.flush()

    def release(self) -> None:
        """Let the run folder go."""
        self._stream.truncate(0)
        self._stream.close()


def read_holder(path: Path) -> tuple[int, float] | None:
    """Return pid and start time of the live process that holds the lease, or None.

    A recycled pid is not taken for the holder: its start time differs.

    Args:
        path: Lock file of the run; it need not be there.

    Returns:
        The process id, and its start in seconds since the epoch.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        pid, started = int(value["pid"]), float(value["started"])
        alive = abs(psutil.Process(pid).create_time() - started) < 1.0
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return (pid, started) if alive else None
