"""The summary of a run folder, stored beside its journal."""

from __future__ import annotations

import json
from pathlib import Path

from assay.core.errors import IntegrityError
from assay.core.files import write_whole
from assay.journal.file import FileJournal
from assay.journal.summary.summary import Summary


class SummaryFile:
    """The summary of a run folder: `summary.json` and whatever the journal has gained since it was written.

    The engine's heartbeat calls `refresh`; everybody else calls `read`. Losing the file costs one slow read.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "summary.json"
        self._journal_path = folder / "events.jsonl"
        self._journal = FileJournal(self._journal_path)
        self._summary: Summary | None = None
        self._offset = 0
        self._digest = ""

    def read(self) -> Summary:
        """Return the summary as of the last whole event of the journal; only new events are read.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        if self._summary is None:
            self._load()
        try:
            return self._advance()
        except IntegrityError:
            # The stored offset may belong to a journal that was healed or replaced; from the start is the last word.
            self._forget()
            return self._advance()

    def refresh(self) -> Summary:
        """Do as `read`, then store the result for others. For the one process that holds the run."""
        before = self._offset
        summary = self.read()
        if self._offset != before or not self._path.exists():
            value = {"offset": self._offset, "digest": self._digest, "summary": summary.as_json()}
            write_whole(self._path, json.dumps(value, separators=(",", ":")))
        return summary

    def _load(self) -> None:
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
            offset, digest, summary = int(value["offset"]), str(value["digest"]), Summary.from_json(value["summary"])
            if self._journal_size() < offset:
                raise ValueError("the journal is shorter than it was")
        except (OSError, ValueError, KeyError, TypeError):
            self._forget()
            return
        self._offset, self._digest, self._summary = offset, digest, summary

    def _advance(self) -> Summary:
        summary = self._summary or Summary()
        events, self._offset = self._journal.read_from(self._offset, self._digest)
        for event in events:
            summary.apply(event)
            self._digest = event.digest
        self._summary = summary
        return summary

    def _journal_size(self) -> int:
        return self._journal_path.stat().st_size

    def _forget(self) -> None:
        self._summary, self._offset, self._digest = Summary(), 0, ""
