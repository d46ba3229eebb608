"""UNIX sockets of this machine that a process could talk to by their path."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def reachable_sockets(*, other_user: bool) -> list[str]:
    """Return paths of listening sockets that generated code could connect to where only Landlock holds it.

    Args:
        other_user: Whether it runs as a user of its own, for whom only the rights of all others count.
    """
    found = []
    with suppress(OSError):
        lines = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()[1:]
        for line in lines:
            fields = line.split(maxsplit=7)
            listens = len(fields) == 8 and int(fields[3], 16) & 0x10000
            if listens and fields[7].startswith("/") and _reachable(Path(fields[7]), other_user=other_user):
                found.append(fields[7])
    return sorted(set(found))


def _reachable(path: Path, *, other_user: bool) -> bool:
    try:
        if not other_user:
            return os.access(path, os.W_OK)
        return bool(path.stat().st_mode & 0o002) and all(parent.stat().st_mode & 0o001 for parent in path.parents)
    except OSError:
        return False
