"""A log file of bounded size: the head is kept, and the end in two files that take turns."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

HEAD, NEWER, OLDER = "output.log", "output.tail.log", "output.tail-1.log"


class CappedLog:
    """Writes what a process prints into a folder.

    Half of the bytes are for the head; the tail is between a quarter and a half. A full disk loses output and raises
    nothing, because the process must not die of its log.

    Args:
        folder: Where the files are made; it must exist.
        most_bytes: Of all files together.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._head_left = most_bytes // 2
        self._part = max(1, most_bytes // 4)
        self._part_left = self._part
        (folder / HEAD).touch()

    def add(self, data: bytes) -> None:
        """Append `data`."""
        head, rest = data[: self._head_left], data[self._head_left :]
        self._head_left -= len(head)
        if head:
            self._append(HEAD, head)
        while rest:
            now, rest = rest[: self._part_left], rest[self._part_left :]
            self._append(NEWER, now)
            self._part_left -= len(now)
            if self._part_left == 0:
                self._turn()

    def _turn(self) -> None:
        self._part_left = self._part
        with suppress(OSError):
            (self._folder / NEWER).replace(self._folder / OLDER)

    def _append(self, name: str, data: bytes) -> None:
        with suppress(OSError), (self._folder / name).open("ab") as stream:
            stream.write(data)


def read_log(folder: Path, size: int) -> str:
    """Return the last `size` characters of what was kept; bytes that are not UTF-8 are replaced."""
    wanted, parts = 4 * size, []
    for name in (NEWER, OLDER, HEAD):
        if wanted <= 0:
            break
        data = _end_of(folder / name, wanted)
        wanted -= len(data)
        parts.append(data)
    return b"".join(reversed(parts)).decode(errors="replace")[-size:] if size > 0 else ""


def last_output(folder: Path) -> float | None:
    """Return when something was last printed, seconds since the epoch, or None where nothing was."""
    times = []
    for name in (HEAD, NEWER):
        with suppress(OSError):
            info = (folder / name).stat()
            times += [info.st_mtime] if info.st_size else []
    return max(times, default=None)


def _end_of(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - size))
            return stream.read()
    except OSError:
        return b""
