"""Left behind: which files a candidate leaves in its workspace besides those that are taken."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path

MOST_FILES = 100
_DEEPEST = 4
_MOST_ENTRIES = 2_000
"""A hostile tree is not walked to its end."""


def left_behind(root: Path, *, but: Collection[str] = ()) -> dict[str, int]:
    """Return the plain files below `root` with their sizes in bytes, for the record; nothing is opened or followed.

    Args:
        root: A workspace whose processes are dead.
        but: Relative paths with `/` that are recorded elsewhere.

    Returns:
        Relative path to bytes, in the order of names, at most `MOST_FILES`, from folders at most four deep.
    """
    found: dict[str, int] = {}
    waiting = [(root, "", 0)]
    seen = 0
    while waiting and seen < _MOST_ENTRIES and len(found) < MOST_FILES:
        folder, prefix, depth = waiting.pop()
        for entry in _entries(folder, _MOST_ENTRIES - seen):
            seen += 1
            name = f"{prefix}{entry.name}".encode(errors="replace").decode()
            mode, size = _mode_and_size(entry)
            if stat.S_ISDIR(mode) and depth < _DEEPEST and entry.name != "__pycache__":
                waiting.append((Path(entry.path), f"{name}/", depth + 1))
            elif stat.S_ISREG(mode) and name not in but:
                found[name] = size
    return dict(sorted(found.items())[:MOST_FILES])


def _entries(folder: Path, most: int) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry, _ in zip(entries, range(most), strict=False)]
    except OSError:
        return []  # what cannot be listed is not worth a failure


def _mode_and_size(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError:
        return 0, 0
    return facts.st_mode, facts.st_size
