"""The journal as a file: one JSON line an event, flushed to the disk, healed after a crash."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.core.collector import collector_at_rest
from assay.core.digest import canonical_json, digest_bytes
from assay.core.errors import IntegrityError, MachineError
from assay.core.files import flush_folder
from assay.journal.events import Event, body_digest


class FileJournal:
    """Events in `path`, appended with `fsync`.

    A kill can leave a torn last line. Readers ignore it; the writer cuts it off before its first append. A line in
    the middle that does not parse, or a digest that does not fit, is no accident and raises.

    Args:
        path: The file; created by the first append.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._healed = False

    def read(self, since: int = 0) -> Sequence[Event]:
        """Return the whole events numbered `since` and up, the chain checked from the first on."""
        events, _ = self.read_from(0)
        return events[since:]

    def read_from(self, offset: int, previous: str = "") -> tuple[list[Event], int]:
        """Return the whole events from byte `offset` on, and the byte after the last of them.

        Args:
            offset: A byte at which an event begins; 0 for all.
            previous: Digest of the event before it.
        """
        try:
            with self._path.open("rb") as stream:
                stream.seek(offset)
                content = stream.read()
        except FileNotFoundError:
            return [], offset
        lines = content.split(b"\n")
        torn = lines.pop()
        events: list[Event] = []
        with collector_at_rest():
            for index, line in enumerate(lines):
                event = self._event(line, index, previous)
                events.append(event)
                previous = event.digest
        return events, offset + len(content) - len(torn)

    def append(self, events: Sequence[Event]) -> None:
        """Add `events` in one write; they are on the disk when this returns."""
        text = "".join(canonical_json(event.as_dict()) + "\n" for event in events).encode()
        try:
            if not self._healed:
                self._heal()
                self._healed = True
            self._write(text)
        except OSError as error:
            raise MachineError(
                "E501",
                f"the journal {str(self._path)!r} cannot be written: {error}",
                kept="every event before this",
                fix="free some space, then assay resume",
            ) from error

    def _write(self, text: bytes) -> None:
        with self._path.open("ab") as stream:
            end = stream.tell()
            try:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            except OSError:
                self._healed = False
                os.truncate(self._path, end)
                raise

    def _heal(self) -> None:
        """Cut a torn last line: what was not wholly written never happened."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        with self._path.open("rb+") as stream:
            content = stream.read()
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                stream.truncate(whole)
                os.fsync(stream.fileno())
        flush_folder(self._path.parent)

    def _event(self, line: bytes, index: int, previous: str) -> Event:
        try:
            value: dict[str, Any] = json.loads(line.decode())
            if value["previous"] != previous or not _is_whole(line, value):
                raise ValueError("the chain of digests is broken")
            return Event.from_dict(value)
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                "E401",
                f"line {index + 1} of {str(self._path)!r} is not what was written: {error}",
                kept="the lines before it",
                fix="restore the file from a copy; assay never edits it",
            ) from error


def _is_whole(line: bytes, value: dict[str, Any]) -> bool:
    """Return whether the digest of a line is that of the rest of it.

    The writer's own lines are canonical: without the digest, the last of its kind, they are the very bytes that it was
    made of. Only a line that somebody has written otherwise has to be put into that form first.
    """
    claimed = value["digest"]
    head, found, tail = line.rpartition(f'"digest":"{claimed}",'.encode())
    return bool((found and digest_bytes(head + tail) == claimed) or body_digest(value) == claimed)
