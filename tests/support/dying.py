"""An engine that dies while it writes, and a count of what was done before it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from assay.core.digest import canonical_json
from assay.journal.events import Event
from assay.journal.file import FileJournal
from support.engine import Bench


class Killed(BaseException):
    """The process is gone."""


class DyingJournal:
    """A file journal whose process dies while it writes event number `at`.

    Args:
        path: The file.
        at: Number of the event at which it dies.
        tear: Bytes of that event's line that reach the disk; 0 for none.
    """

    def __init__(self, path: Path, at: int, tear: int) -> None:
        self._path = path
        self._journal = FileJournal(path)
        self._at = at
        self._tear = tear

    def read(self, since: int = 0) -> Sequence[Event]:
        return self._journal.read(since)

    def append(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.number >= self._at:
                if event.number == self._at:
                    with self._path.open("ab") as stream:
                        stream.write((canonical_json(event.as_dict()) + "\n").encode()[: self._tear])
                raise Killed
            self._journal.append([event])


def effects(bench: Bench) -> Counter[tuple[str, ...]]:
    """Count what cost something: starts of a script on a view, and questions."""
    counts: Counter[tuple[str, ...]] = Counter()
    for command, workspace, _ in bench.sandbox.started:
        assert command.argv[-1] == "solution.py"
        counts[("run", workspace.root.name.rsplit("-", 1)[0], str(workspace.mounts[0].source))] += 1
    for request in bench.model.requests:
        counts[("ask", request.key)] += 1
    return counts
