"""Files on their way between engine and node: named by digest, checked on arrival, never followed."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

CHUNK = 4 * 2**20
_BLOCK = 1 << 20
_DEEPEST = 64


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One plain file of a folder."""

    digest: str
    size: int
    mode: int
    age_s: float
    """Seconds since it was last written, by the clock of the machine that says so: clocks may differ."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What a folder holds. Plain files and folders only; whatever else lies in it does not travel."""

    files: dict[str, Sent] = field(default_factory=dict)
    """By relative path with `/`."""
    folders: tuple[str, ...] = ()
    """Relative paths, each after the one that it lies in."""


class Digests:
    """Digests of files that seldom change, computed once each. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int, int, int], str] = {}
        self._lock = threading.Lock()

    def of(self, path: Path, info: os.stat_result) -> str:
        """Return the SHA-256 of the file at `path`, whose facts are `info`."""
        place = (str(path), info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            known = digest_of(path)
            with self._lock:
                self._known[place] = known
        return known


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def folder_of(root: Path, digests: Digests, now: float) -> tuple[Folder, dict[str, Path]]:
    """Return what a trusted folder holds, and where each digest can be read.

    Args:
        root: The folder, or a single file, which is listed under the empty path.
        digests: Remembers.
        now: Seconds since the epoch.
    """
    files: dict[str, Sent] = {}
    sources: dict[str, Path] = {}
    folders: list[str] = []
    for name, path, info in _walk(root):
        if stat.S_ISDIR(info.st_mode):
            folders.append(name)
            continue
        digest = digests.of(path, info)
        sources[digest] = path
        files[name] = Sent(digest=digest, size=info.st_size, mode=stat.S_IMODE(info.st_mode), age_s=now - info.st_mtime)
    return Folder(files=files, folders=tuple(folders)), sources


def _walk(root: Path) -> Iterator[tuple[str, Path, os.stat_result]]:
    top = root.lstat()
    if stat.S_ISREG(top.st_mode):
        yield "", root, top
        return
    waiting = [("", root, 0)]
    while waiting:
        prefix, folder, depth = waiting.pop()
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            info = entry.stat(follow_symlinks=False)
            name = f"{prefix}{entry.name}"
            if stat.S_ISDIR(info.st_mode) and depth < _DEEPEST:
                waiting.append((f"{name}/", Path(entry.path), depth + 1))
                yield name, Path(entry.path), info
            elif stat.S_ISREG(info.st_mode):
                yield name, Path(entry.path), info


def chunks_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Return a file's content piece by piece, each with its place."""
    with path.open("rb") as stream:
        offset = 0
        while data := stream.read(CHUNK):
            yield offset, data
            offset += len(data)


def plain(name: str) -> str:
    """Return `name` if it is a plain relative path.

    Raises:
        ValueError: It would lead elsewhere.
    """
    parts = PurePosixPath(name).parts
    if not name or name.startswith("/") or ".." in parts or "\0" in name or str(PurePosixPath(*parts)) != name:
        raise ValueError(f"{name!r} is no plain relative path")
    return name
