"""Store: what a node keeps of the files that were sent to it, by digest, for all executions and runs on it."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from assay.core.clock import SystemClock
from assay.core.errors import MachineError
from assay.sandbox.cluster.files import digest_of

MOST_BYTES = 20 * 2**30
"""A store that is larger drops what was not used for the longest time."""


class Store:
    """Content-addressed files below one folder, which several processes of one user share.

    Args:
        folder: Made if it is not there.
        most_bytes: See `MOST_BYTES`.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.folder = _own(folder)
        self._verified: dict[str, tuple[int, int, int]] = {}
        self._lock = threading.Lock()
        self._prune(most_bytes)

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return those that are not here, or are no longer what they were."""
        return [digest for digest in dict.fromkeys(digests) if not self._holds(digest)]

    def write(self, digest: str, offset: int, data: bytes) -> None:
        """Take a piece of a file; pieces may come in any order."""
        descriptor = os.open(self._part(digest), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, data, offset)
        finally:
            os.close(descriptor)

    def finish(self, digest: str) -> None:
        """Check a file whose pieces are all here, and keep it.

        Raises:
            MachineError: It is not what it is called (E524).
        """
        part = self._part(digest)
        if not part.exists():
            self.write(digest, 0, b"")
        found = digest_of(part)
        if found != digest:
            part.unlink()
            raise MachineError("E524", f"a file arrived as {found[:12]} and was sent as {digest[:12]}")
        part.chmod(0o444)
        part.replace(self.folder / digest)
        self._holds(digest)

    def put(self, digest: str, place: Path, mode: int | None = None) -> None:
        """Have the file appear at `place`: read-only under a second name, or as a copy of its own with `mode`."""
        source = self.folder / digest
        info = source.stat()
        os.utime(source, (SystemClock().now(), info.st_mtime))
        if mode is None:
            try:
                os.link(source, place)
                return
            except OSError:
                mode = 0o444
        shutil.copyfile(source, place)
        place.chmod(mode)

    def _holds(self, digest: str) -> bool:
        path = self.folder / digest
        with self._lock:
            try:
                if self._verified.get(digest) == _facts(path):
                    return True
                if digest_of(path) == digest:
                    self._verified[digest] = _facts(path)
                    return True
                path.unlink()
            except FileNotFoundError:
                pass
            return False

    def _part(self, digest: str) -> Path:
        return self.folder / f".part-{os.getpid()}-{id(self)}-{digest}"

    def _prune(self, most_bytes: int) -> None:
        kept = []
        for path in self.folder.iterdir():
            try:
                info = path.stat()
            except OSError:
                continue
            if not path.name.startswith("."):
                kept.append((info.st_atime, info.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _own(folder: Path) -> Path:
    """Make `folder`, or one beside it where somebody else has taken the name."""
    folder.mkdir(mode=0o755, exist_ok=True)
    info = folder.lstat()
    if folder.is_symlink() or info.st_uid != os.geteuid() or info.st_mode & 0o022:
        return Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    return folder


def _facts(path: Path) -> tuple[int, int, int]:
    """Return what changes with a file's content; not the time of its last change of names, which links change."""
    info = path.stat()
    return info.st_ino, info.st_size, info.st_mtime_ns
