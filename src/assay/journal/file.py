"""The journal as a file: one JSON line an event, flushed to the disk, healed after a crash."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from assay.core.collector import collector_at_rest
from assay.core.digest import canonical_json, digest_bytes
from assay.core.errors import IntegrityError, MachineError
from assay.core.files import flush_folder
from assay.journal.events import PAYLOADS, Event, body_digest

_END = re.compile(
    rb'"digest":"([0-9a-f]{64})",("kind":"[a-z-]+","number":[0-9]+,"previous":"([0-9a-f]*)","time":[-+.0-9eE]+\})'
)
"""How a line of the writer ends."""


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
        """Return the whole events numbered `since` and up, the chain checked from the first on.

        Args:
            since: Number of the first event that is wanted, 0 or more.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        events, _ = self.read_from(0)
        return events[since:]

    def read_from(self, offset: int, previous: str = "") -> tuple[list[Event], int]:
        """Return the whole events from byte `offset` on, and the byte after the last of them.

        Args:
            offset: A byte at which an event begins; 0 for all.
            previous: Digest of the event before it; empty for the first.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        events: list[Event] = []
        end = offset
        with collector_at_rest():
            for event, end in self._from(offset, previous):  # noqa: B007 - where the last of them ended is returned
                events.append(event)
        return events, end

    def each(self, offset: int = 0, previous: str = "") -> Iterator[Event]:
        """Yield what `read_from` returns, one event after the other: what is not kept takes no memory.

        Args:
            offset: A byte at which an event begins; 0 for all.
            previous: Digest of the event before it.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        return (event for event, _ in self._from(offset, previous))

    def skim(self, count: int) -> tuple[int, str]:
        """Check the chain of the first `count` events, or of as many as there are, without making records of them.

        Args:
            count: How many, 0 or more.

        Returns:
            The byte after the last of them, and its digest.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        offset, digest = 0, ""
        for index, line in enumerate(islice(self._lines(0), count)):
            digest = _chained(line, digest) or self._event(line, index, digest).digest
            offset += len(line) + 1
        return offset, digest

    def _from(self, offset: int, previous: str) -> Iterator[tuple[Event, int]]:
        """Yield each event from a byte on, with the byte after it."""
        for index, line in enumerate(self._lines(offset)):
            event = self._event(line, index, previous)
            offset += len(line) + 1
            previous = event.digest
            yield event, offset

    def _lines(self, offset: int) -> Iterator[bytes]:
        """Yield each whole line from a byte on, without its end; a torn last one is none."""
        try:
            stream = self._path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            stream.seek(offset)
            for line in stream:
                if line.endswith(b"\n"):
                    yield line[:-1]

    def append(self, events: Sequence[Event]) -> None:
        """Add `events` in one write; they are on the disk when this returns.

        Raises:
            MachineError: The disk is full or the file cannot be written (E501); nothing is half-added.
        """
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
        # Unbuffered: a buffer would write what is left of a failed write when it is closed, behind the cut.
        with self._path.open("ab", buffering=0) as stream:
            end, rest = stream.tell(), memoryview(text)
            try:
                while rest:
                    rest = rest[stream.write(rest) :]
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
            if value["kind"] not in PAYLOADS:
                raise self._unknown(index, str(value["kind"]))
            return Event.from_dict(value)
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                "E401",
                f"line {index + 1} of {str(self._path)!r} is not what was written: {error}",
                kept="the lines before it",
                fix="restore the file from a copy; assay never edits it",
            ) from error

    def _unknown(self, index: int, kind: str) -> IntegrityError:
        return IntegrityError(
            "E401",
            f"line {index + 1} of {str(self._path)!r} is of a kind that this version does not know: {kind[:80]!r}",
            kept="all of the run",
            fix="read it with a version of Assay as new as the one that wrote it",
        )


def _is_whole(line: bytes, value: dict[str, Any]) -> bool:
    """Return whether the digest of a line is that of the rest of it.

    The writer's own lines are canonical: without the digest, the last of its kind, they are the very bytes that it was
    made of. Only a line that somebody has written otherwise has to be put into that form first.
    """
    claimed = value["digest"]
    head, found, tail = line.rpartition(f'"digest":"{claimed}",'.encode())
    return bool((found and digest_bytes(head + tail) == claimed) or body_digest(value) == claimed)


def _chained(line: bytes, previous: str) -> str:
    """Return the digest of a line of the writer that follows `previous`; empty where only its values can tell."""
    start = line.rfind(b'"digest":"')
    found = _END.fullmatch(line, start) if start > 0 else None
    if found is None or found[3] != previous.encode():
        return ""
    digest = digest_bytes(line[:start] + found[2])
    return digest if found[1] == digest.encode() else ""
