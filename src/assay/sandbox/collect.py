"""Taking files out of a folder that hostile code has written to.

Call this only when every process that could write there is dead. Nothing is ever followed: a name that leads through
a link, to a second name of some other file, to a FIFO or to a file above the cap is refused with a reason, and what is
taken is a private copy, so nothing that happens in the folder later can change what was digested.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_BLOCK = 1 << 20
_OPENAT2 = 437  # the same number on every architecture: it is younger than the unified table
_RESOLVE = 0x01 | 0x02 | 0x04 | 0x08  # NO_XDEV | NO_MAGICLINKS | NO_SYMLINKS | BENEATH
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "FIFO",
    stat.S_IFSOCK: "socket",
    stat.S_IFDIR: "folder",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One file that was copied out."""

    digest: str
    """SHA-256 of the copy, 64 hexadecimal digits."""
    path: Path
    """The private copy, named by its digest."""
    size: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What `collect` took and what it would not touch; every asked name is in exactly one of the two."""

    taken: dict[str, Taken] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Name to reason, for people: `missing`, `symbolic link`, `too large: 9 bytes, at most 5` ..."""


class _Refused(Exception):
    """The reason why a name is not taken."""


def collect(root: Path, names: Sequence[str], into: Path, *, max_bytes: int) -> Collected:
    """Copy the named files below `root` into a private folder.

    Args:
        root: Folder that untrusted code has written to; trusted itself, hostile below.
        names: Relative paths with `/`.
        into: Folder of ours outside every workspace, created with mode 0700 if it does not exist; copies are mode 0600.
        max_bytes: Most bytes of one file.

    Raises:
        OSError: `root` or `into` cannot be used, or the disk is full: our fault, never that of the files.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    result = Collected()
    root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            try:
                result.taken[name] = _take(root_fd, name, into, max_bytes)
            except _Refused as refusal:
                result.refused[name] = str(refusal)
    finally:
        os.close(root_fd)
    return result


def _take(root_fd: int, name: str, into: Path, max_bytes: int) -> Taken:
    with _opened(root_fd, _plain_parts(name), max_bytes) as source:
        return _copy(source, into, max_bytes)


def _plain_parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise _Refused("not a plain relative path")
    return path.parts


@contextmanager
def _opened(root_fd: int, parts: tuple[str, ...], max_bytes: int) -> Iterator[int]:
    descriptor = -1
    try:
        descriptor = _open_beneath(root_fd, parts, max_bytes)
        yield descriptor
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _open_beneath(root_fd: int, parts: tuple[str, ...], max_bytes: int) -> int:
    folders = [root_fd]
    try:
        for part in parts[:-1]:
            folders.append(_step(folders[-1], part))
        device = os.fstat(root_fd).st_dev
        _require_plain_file(_lstat(folders[-1], parts[-1]), device, max_bytes)
        descriptor = _openat2(root_fd, "/".join(parts))
        if descriptor is None:
            descriptor = os.open(parts[-1], _FLAGS, dir_fd=folders[-1])
        try:
            _require_same(descriptor, folders[-1], parts[-1], device, max_bytes)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
    except OSError as error:
        raise _Refused(_reason(error)) from error
    finally:
        for folder in folders[1:]:
            os.close(folder)


def _step(folder: int, part: str) -> int:
    if stat.S_ISLNK(_lstat(folder, part).st_mode):
        raise _Refused("symbolic link")
    return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)


def _lstat(folder: int, part: str) -> os.stat_result:
    return os.stat(part, dir_fd=folder, follow_symlinks=False)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _openat2(root_fd: int, path: str) -> int | None:
    """Open `path` by the kernel's own no-links walk, which no rename can outrun; None where there is no such call."""
    if not sys.platform.startswith("linux"):
        return None
    how = _OpenHow(flags=_FLAGS, mode=0, resolve=_RESOLVE)
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.syscall(_OPENAT2, root_fd, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)))
    if descriptor >= 0:
        return descriptor
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EPERM):  # older than 5.6, or hidden by a container's filter
        return None
    raise OSError(code, os.strerror(code), path)


def _reason(error: OSError) -> str:
    known = {
        errno.ENOENT: "missing",
        errno.ENOTDIR: "missing",
        errno.ELOOP: "symbolic link",
        errno.EXDEV: "on another file system",
        errno.ENXIO: "socket",
        errno.EACCES: "not readable",
        errno.EPERM: "not readable",
        errno.ENAMETOOLONG: "missing",
    }
    if error.errno not in known:
        raise error
    return known[error.errno]


def _require_plain_file(info: os.stat_result, device: int, max_bytes: int) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise _Refused(_KINDS.get(stat.S_IFMT(info.st_mode), "not a regular file"))
    if info.st_dev != device:
        raise _Refused("on another file system")
    if info.st_nlink != 1:
        raise _Refused("hard link")
    if info.st_size > max_bytes:
        raise _Refused(f"too large: {info.st_size} bytes, at most {max_bytes}")


def _require_same(descriptor: int, folder: int, name: str, device: int, max_bytes: int) -> None:
    """Look at the open file and then at its name again.

    A second name of the labels that is removed between opening and looking leaves a file with one name: the labels.
    So the name must still lead to what was opened.
    """
    opened = os.fstat(descriptor)
    _require_plain_file(opened, device, max_bytes)
    named = _lstat(folder, name)
    _require_plain_file(named, device, max_bytes)
    if named.st_ino != opened.st_ino:
        raise _Refused("changed while it was taken")


def _copy(source: int, into: Path, max_bytes: int) -> Taken:
    part = into / f".part-{os.getpid()}-{source}"
    digest = hashlib.sha256()
    size = 0
    target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(target, "wb") as stream:
            while block := os.read(source, _BLOCK):
                size += len(block)
                if size > max_bytes:
                    raise _Refused(f"too large: more than {max_bytes} bytes")
                digest.update(block)
                stream.write(block)
        path = into / digest.hexdigest()
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return Taken(digest=digest.hexdigest(), path=path, size=size)
