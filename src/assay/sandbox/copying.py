"""Copies of whole folders, for a sandbox that was started before they were there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def copy_all(source: Path, into: Path, *, entries: int, size: int) -> bool:
    """Copy everything below `source`, with modes and times, into the folder `into`.

    Copied and not linked: the count of links and the time of their last change would tell every later candidate when
    one before it began and ended.

    Args:
        source: Plain files, links and folders.
        into: An empty folder.
        entries: Most of them.
        size: Most bytes.

    Returns:
        Whether all was copied; else there was too much, or something that is none of these.

    Raises:
        OSError: Something cannot be read or written.
    """
    pending, count, total = [(source, into)], 0, 0
    while pending:
        folder, place = pending.pop()
        with os.scandir(folder) as found:
            listed = sorted(found, key=lambda entry: entry.name)
        for entry in listed:
            info, target = entry.stat(follow_symlinks=False), place / entry.name
            count, total = count + 1, total + info.st_size
            if count > entries or total > size:
                return False
            if entry.is_symlink():
                target.symlink_to(Path(entry.path).readlink())
                continue
            if entry.is_dir():
                target.mkdir()
                pending.append((Path(entry.path), target))
            elif entry.is_file():
                shutil.copyfile(entry.path, target)
                os.utime(target, ns=(info.st_atime_ns, info.st_mtime_ns))
            else:
                return False
            target.chmod(info.st_mode & 0o777)
    return True
