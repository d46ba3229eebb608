"""Folders that hostile code has written to: handing them over, and removing them."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path) -> None:
    """Remove the folder at `path` with everything below it.

    Never follows a link, never recurses, uses few descriptors however deep it goes, and opens folders that their owner
    has made unreadable. A `path` that does not exist is fine; a link at `path` itself is removed, not followed.

    Raises:
        OSError: Something could not be removed: another owner's file, a mount point, a read-only file system.
    """
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(info.st_mode):
        path.unlink()
        return
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _opened(parent, path.name) as top:
            _empty(top)
        os.rmdir(path.name, dir_fd=parent)
    finally:
        os.close(parent)


def _empty(top: int) -> None:
    """Remove everything below `top`: down by name, up by `..`, which must lead to where we came from."""
    current = os.dup(top)
    above: list[tuple[str, tuple[int, int]]] = []
    folders = [_unlink_files(current)]
    try:
        while folders[0] or above:
            if folders[-1]:
                name = folders[-1].pop()
                above.append((name, _identity(current)))
                current = _go(current, name)
                folders.append(_unlink_files(current))
            else:
                folders.pop()
                name, expected = above.pop()
                current = _go(current, "..")
                if _identity(current) != expected:
                    raise OSError(errno.EBUSY, "the folder was moved while it was being removed", name)
                os.rmdir(name, dir_fd=current)
    finally:
        os.close(current)


def _go(current: int, name: str) -> int:
    """Return `name` opened from `current`, which is closed."""
    with _opened(current, name) as following:
        os.dup2(following, current, inheritable=False)
    return current


def _identity(descriptor: int) -> tuple[int, int]:
    info = os.fstat(descriptor)
    return info.st_dev, info.st_ino


def _unlink_files(folder: int) -> list[str]:
    """Unlink everything in `folder` but its folders, whose names are returned."""
    folders = []
    with os.scandir(folder) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in listed:
        if is_folder:
            folders.append(name)
        else:
            os.unlink(name, dir_fd=folder)
    return folders


@contextmanager
def _opened(parent: int, name: str) -> Iterator[int]:
    if os.geteuid() != 0:
        _open_up(parent, name)
    descriptor = os.open(name, _FOLDER, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_up(parent: int, name: str) -> None:
    """Give the owner all rights to a folder, without a moment in which `name` could lead elsewhere."""
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if mode & 0o700 == 0o700:
        return
    if not sys.platform.startswith("linux"):
        os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)
        return
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(0o700)
    finally:
        os.close(handle)


def hand_over(root: Path, uid: int, *, is_ours: Callable[[int], bool]) -> None:
    """Make `uid` the owner of `root` and of the plain files and folders below it.

    Links are left alone, and so is a file with a second name: root must never change the owner of something that a
    hostile tree merely points at.

    Args:
        root: The workspace.
        uid: New owner and group.
        is_ours: Tells whether a present owner is one whose files may be handed over.
    """
    pending = [PurePosixPath()]
    root_fd = os.open(root, _FOLDER)
    try:
        _chown(root_fd, uid, is_ours)
        # Root without its capabilities, as bubblewrap runs, is an ordinary member of its group: it must be let in.
        os.chown(root_fd, -1, os.getegid())
        os.fchmod(root_fd, stat.S_IMODE(os.fstat(root_fd).st_mode) | 0o710)
        while pending:
            relative = pending.pop()
            for name, is_folder in _plain_entries(root_fd, relative):
                child = relative / name
                with _walked(root_fd, child, folder=is_folder) as descriptor:
                    _chown(descriptor, uid, is_ours)
                if is_folder:
                    pending.append(child)
    finally:
        os.close(root_fd)


def _plain_entries(root_fd: int, relative: PurePosixPath) -> list[tuple[str, bool]]:
    with _walked(root_fd, relative, folder=True) as folder, os.scandir(folder) as entries:
        kinds = [(e.name, e.is_dir(follow_symlinks=False), e.is_file(follow_symlinks=False)) for e in entries]
    return [(name, is_folder) for name, is_folder, is_file in kinds if is_folder or is_file]


@contextmanager
def _walked(root_fd: int, relative: PurePosixPath, *, folder: bool) -> Iterator[int]:
    descriptor = os.dup(root_fd)
    last = len(relative.parts) - 1
    try:
        for index, part in enumerate(relative.parts):
            flags = _FOLDER if folder or index < last else os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            following = os.open(part, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = following
        yield descriptor
    finally:
        os.close(descriptor)


def _chown(descriptor: int, uid: int, is_ours: Callable[[int], bool]) -> None:
    info = os.fstat(descriptor)
    single = stat.S_ISDIR(info.st_mode) or info.st_nlink == 1
    if single and info.st_uid != uid and is_ours(info.st_uid):
        os.chown(descriptor, uid, uid)


def make_mount_point(root: Path, target: str, *, folder: bool) -> None:
    """Make an empty place at `target` below `root` for a mount to cover; a link or other thing there is removed.

    Args:
        root: The workspace.
        target: Relative path with `/`.
        folder: Whether a folder or a file is to be mounted there.
    """
    parts = PurePosixPath(target).parts
    descriptor = os.open(root, _FOLDER)
    try:
        for part in parts[:-1]:
            _place(descriptor, part, folder=True)
            following = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = following
        _place(descriptor, parts[-1], folder=folder)
    finally:
        os.close(descriptor)


def _place(parent: int, name: str, *, folder: bool) -> None:
    try:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        mode = 0
    if mode and (stat.S_ISDIR(mode) != folder or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode))):
        if stat.S_ISDIR(mode):
            os.rmdir(name, dir_fd=parent)
        else:
            os.unlink(name, dir_fd=parent)
        mode = 0
    if mode:
        return
    if folder:
        os.mkdir(name, 0o755, dir_fd=parent)
    else:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=parent))


def link_mount(root: Path, target: str, source: Path) -> None:
    """Make `target` below `root` a link to `source`, replacing a link or an empty folder that is there."""
    parts = PurePosixPath(target).parts
    if len(parts) > 1:
        make_mount_point(root, "/".join(parts[:-1]), folder=True)
    place = root / target
    if place.is_symlink():
        place.unlink()
    elif place.is_dir():
        place.rmdir()
    elif place.exists():
        place.unlink()
    place.symlink_to(source)
