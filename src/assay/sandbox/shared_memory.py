"""What candidates leave in /dev/shm where they share it with the machine: one must not leave notes for the next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from assay.sandbox.tree import remove_tree

SHARED_MEMORY = Path("/dev/shm")


class SharedMemory:
    """Removes what appeared since this was made.

    Args:
        folder: Where the objects lie.
    """

    def __init__(self, folder: Path = SHARED_MEMORY) -> None:
        self._folder = folder
        self._before = frozenset(_entries(folder))

    def clear_user(self, user: int) -> None:
        """Remove everything of `user`, none of whose processes lives."""
        for path, _ in _entries(self._folder):
            with suppress(OSError):
                if path.lstat().st_uid == user:
                    remove_tree(path)

    def clear_new(self) -> None:
        """Remove what is new, our own user's and open in no process: other programs of the user may live there too."""
        new = [path for path, inode in _entries(self._folder) if (path, inode) not in self._before]
        if not new:
            return
        used = frozenset(_used(self._folder))
        for path in new:
            with suppress(OSError):
                if path.lstat().st_uid == os.geteuid() and not any(_is_in(one, path) for one in used):
                    remove_tree(path)


def _entries(folder: Path) -> Iterator[tuple[Path, int]]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield folder / entry.name, entry.inode()


def _is_in(used: str, path: Path) -> bool:
    """Return whether the name of something used is `path` or lies below it; the start of a name is another name."""
    return used == str(path) or used.startswith(f"{path}/")


def _used(folder: Path) -> Iterator[str]:
    """Yield the names below `folder` that processes of our user have open or mapped."""
    start = f"{folder}/"
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if not process.name.isdigit() or process.stat().st_uid != os.geteuid():
                continue
            maps = (process / "maps").read_text(encoding="utf-8", errors="replace")
            yield from (line[line.index(start) :] for line in maps.splitlines() if start in line)
            opened = (str(descriptor.readlink()) for descriptor in (process / "fd").iterdir())
            yield from (name for name in opened if name.startswith(start))
