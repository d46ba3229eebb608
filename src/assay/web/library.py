"""Library: the runs of one folder, each read as far as somebody looks at it."""

from __future__ import annotations

import threading
from pathlib import Path
from weakref import WeakValueDictionary

from assay.core.errors import NothingFound
from assay.journal.folders import run_folders
from assay.journal.summary import SummaryFile
from assay.web.view import RunReader

MOST_READERS = 4
"""Runs whose whole history is kept in memory at a time."""
MOST_RUNS = 200
"""Runs that the list shows, the latest first."""


class Library:
    """Finds runs by name and keeps what was read of them.

    Args:
        root: Folder of the run folders.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._readers: dict[str, RunReader] = {}
        self._read: WeakValueDictionary[str, RunReader] = WeakValueDictionary()
        """Also those that only a stream still holds: two readers of one run would read it twice."""
        self._summaries: dict[Path, SummaryFile] = {}
        self._lock = threading.Lock()

    def folders(self) -> list[Path]:
        """Return the run folders, the one with the latest event first."""
        return run_folders(self.root)

    def reader(self, name: str) -> RunReader:
        """Return the reader of a run.

        Args:
            name: Name of a run folder, whole. Nothing else of the disk can be named.

        Raises:
            NothingFound: There is no such run (E201).
        """
        folder = self.root / name
        if name in ("", ".", "..") or "/" in name or "\0" in name or not _is_file(folder / "events.jsonl"):
            with self._lock:
                self._readers.pop(name, None)
                self._read.pop(name, None)
            raise NothingFound("E201", f"there is no run {name[:200]!r} in {str(self.root)!r}", fix="assay ls")
        with self._lock:
            reader = self._read.get(name) or RunReader(folder)
            self._read[name] = reader
            self._readers.pop(name, None)
            self._readers[name] = reader
            for oldest in list(self._readers)[:-MOST_READERS]:
                del self._readers[oldest]
        return reader

    def summary_file(self, folder: Path) -> SummaryFile:
        """Return what reads the summary of a run folder; only new events are read each time."""
        with self._lock:
            return self._summaries.setdefault(folder, SummaryFile(folder))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is longer than any on this disk
        return False
