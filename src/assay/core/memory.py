"""Memory: how much of the machine's a process may still use."""

from __future__ import annotations

from pathlib import Path

from assay.core.control_groups import GROUPS, OWN, group_folders, group_text

_FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))


def free_memory_bytes(*, groups: Path = GROUPS, own: Path = OWN) -> int:
    """Return the memory that could be used now without anything being written to disk or killed.

    The smallest of what the machine has and of what is left in the control groups around this process (a container's
    `--memory`). Caches of files count as free: the kernel gives them up first.

    Args:
        groups: Where control groups are mounted.
        own: The file that names this process's.

    References:
        https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.max, memory.current, memory.stat).
    """
    import psutil

    rests = [rest for folder in group_folders("memory", groups=groups, own=own) if (rest := _rest(folder)) is not None]
    return max(0, min([int(psutil.virtual_memory().available), *rests]))


def _rest(folder: Path) -> int | None:
    """Return what a group may still use; None for no bound."""
    for limit, used in _FILES:
        words = group_text(folder / limit).strip(), group_text(folder / used).strip()
        if all(word.isdecimal() for word in words):
            return int(words[0]) - int(words[1]) + _caches(folder)
    return None


def _caches(folder: Path) -> int:
    for line in group_text(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file") and value.isdecimal():
            return int(value)
    return 0
