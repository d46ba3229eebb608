"""Browse: the files of a run folder, opened without following any link and never outside of the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import NothingFound
from assay.report.files import safe_name

CLOSED = ("private",)
"""Folders whose content is not shown: the answers that candidates must not see, and people should not choose by."""
MOST_ENTRIES = 1_000
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One name in a folder."""

    name: str
    kind: str
    """`folder`, `file`, `link` or `other`."""
    bytes: int
    changed: float
    """Seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A part of a file."""

    data: bytes
    bytes: int
    """Of the whole file."""
    changed: float


def listing(root: Path, name: str) -> tuple[list[Entry], int]:
    """Return what is in a folder, folders first, and how many entries are left out.

    Raises:
        NothingFound: There is no such folder in `root`, or it is one that is not shown (E211).
    """
    with _opened(root, name, folder=True) as place:
        found = []
        names = sorted(entry.name for entry in _scanned(place) if not entry.name.startswith("."))
        for entry in names[:MOST_ENTRIES]:
            with suppress(FileNotFoundError):
                found.append(_entry(entry, os.stat(entry, dir_fd=place, follow_symlinks=False)))
    return sorted(found, key=lambda entry: (entry.kind != "folder", entry.name)), max(0, len(names) - MOST_ENTRIES)


def content(root: Path, name: str, *, most: int, end: bool = False) -> Content:
    """Return the beginning of a plain file, or its end.

    Args:
        root: The run's folder.
        name: Path in it, with `/`.
        most: Most bytes.
        end: Whether the end is wanted.

    Raises:
        NothingFound: There is no such plain file in `root`, or it is not shown (E211).
    """
    with _opened(root, name, folder=False) as place:
        about = os.fstat(place)
        if end and about.st_size > most:
            os.lseek(place, about.st_size - most, os.SEEK_SET)
        with os.fdopen(os.dup(place), "rb") as stream:
            data = stream.read(most)
    return Content(data=data, bytes=about.st_size, changed=about.st_mtime)


def is_folder(root: Path, name: str) -> bool:
    """Return whether `name` is a folder that can be shown."""
    try:
        with _opened(root, name, folder=True):
            return True
    except NothingFound:
        return False


@contextmanager
def _opened(root: Path, name: str, *, folder: bool) -> Iterator[int]:
    """Open a path step by step, so that no link anywhere on it is followed."""
    parts = _parts(name)
    place = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for index, part in enumerate(parts):
            inner = folder or index < len(parts) - 1
            flags = os.O_RDONLY | _NO_LINKS | (os.O_DIRECTORY if inner else os.O_NONBLOCK)
            try:
                deeper = os.open(part, flags, dir_fd=place)
            except (OSError, ValueError) as error:
                raise _nothing(name) from error
            os.close(place)
            place = deeper
            if not index:
                _refuse_closed(root, place)
        if not folder and not stat.S_ISREG(os.fstat(place).st_mode):
            raise _nothing(name)
        yield place
    finally:
        os.close(place)


def _scanned(place: int) -> list[os.DirEntry[str]]:
    with os.scandir(place) as entries:
        return list(entries)


def _parts(name: str) -> list[str]:
    if not name.strip("/"):
        return []
    safe = safe_name(name.strip("/"))
    if safe is None:
        raise _nothing(name)
    return safe.split("/")


def _refuse_closed(root: Path, place: int) -> None:
    """Refuse a folder that is not shown, by whatever name it was opened: some disks take `Private` for `private`."""
    for name in CLOSED:
        with suppress(OSError):
            if os.path.samestat(os.fstat(place), (root / name).stat(follow_symlinks=False)):
                raise NothingFound(
                    "E211",
                    f"{name!r} holds the hidden answers, which the dashboard does not show",
                    fix="the score of the winner is on the page Data",
                )


def _nothing(name: str) -> NothingFound:
    return NothingFound("E211", f"there is no plain file or folder {name[:200]!r} in the run folder", fix="assay ui")


def _entry(name: str, about: os.stat_result) -> Entry:
    kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISREG, "file"), (stat.S_ISLNK, "link"))
    kind = next((word for test, word in kinds if test(about.st_mode)), "other")
    return Entry(name=name, kind=kind, bytes=about.st_size, changed=about.st_mtime)
