"""What candidates leave in /dev/shm where they share it with the machine: one must not leave notes for the next."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from assay.sandbox.tree import remove_tree

SHARED_MEMORY = Path("/dev/shm")


def clear_shared_memory(mark: int, folder: Path = SHARED_MEMORY) -> None:
    """Remove what processes with `mark` made in `folder`, and nothing else.

    Args:
        mark: Group id that no other program has, and none of whose processes lives.
        folder: Where the objects lie.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.stat(follow_symlinks=False).st_gid == mark:
                    remove_tree(Path(entry.path))
