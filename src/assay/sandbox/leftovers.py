"""Temporary folders of engines that were killed before they could tidy up."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from assay.sandbox.slots import is_slot
from assay.sandbox.tree import remove_tree

_START = "assay-tmp-"


def own_prefix() -> str:
    """Return how the names of this process's temporary folders begin: with its process namespace and its pid."""
    return f"{_START}{_namespace()}-{os.getpid()}-"


def remove_leftovers(folder: Path | None = None) -> list[Path]:
    """Remove temporary folders whose engine is dead, and return them.

    Only those of our own user and process namespace: elsewhere a pid says nothing about who is alive.

    Args:
        folder: Where they lie; by default the system's folder for temporary files.
    """
    removed = []
    for path in (folder or Path(tempfile.gettempdir())).glob(f"{_START}{_namespace()}-*-*"):
        pid = path.name.removeprefix(_START).split("-")[1]
        with suppress(OSError):
            if pid.isdigit() and not _is_alive(int(pid)) and _is_ours(path):
                remove_tree(path)
                removed.append(path)
    return removed


def _is_ours(path: Path) -> bool:
    owner = path.lstat().st_uid
    return owner == os.geteuid() or (os.geteuid() == 0 and is_slot(owner))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _namespace() -> int:
    with suppress(OSError):
        return Path("/proc/self/ns/pid").stat().st_ino
    return 0
