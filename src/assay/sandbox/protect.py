"""What the engine does for its own process, and limits that it sets on a process before that may run."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from assay.sandbox.base import SandboxLimits

_PR_SET_DUMPABLE = 4
_DATA_COURTESY_BYTES = 2 * 2**30
_FILE_BYTES = 8 * 2**30
_OPEN_FILES = 8192
_NICE = 5


def protect_engine() -> bool:
    """Make memory, environment and descriptors of this process unreadable to others of the same user.

    Call it once, when an engine starts. Core dumps of this process end with it, too.

    Returns:
        Whether the kernel has such a switch (Linux only).
    """
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def resource_limits(limits: SandboxLimits, *, own_user: bool) -> dict[int, int]:
    """Return the resource limits of one process of the tree, by the kernel's number.

    The data limit is a courtesy: a single huge allocation then fails with a MemoryError that names its line. The
    address space is never limited: torch and CUDA reserve far more of it than they use.

    Args:
        limits: What is allowed.
        own_user: Whether the tree's user or user namespace runs nothing else, so that a process limit counts only it.
    """
    result = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_FSIZE: min(_FILE_BYTES, limits.workspace_bytes),
        resource.RLIMIT_DATA: limits.memory_bytes + _DATA_COURTESY_BYTES,
    }
    others = 0 if own_user else _tasks_of_user(os.getuid())
    result[resource.RLIMIT_NPROC] = limits.processes + others
    return result


def _tasks_of_user(uid: int) -> int:
    count = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if entry.stat().st_uid == uid:
                count += sum(1 for _ in (entry / "task").iterdir())
    return count


def apply_limits(pid: int, limits: Mapping[int, int]) -> None:
    """Set resource limits, a lower priority and first place in the kernel's out-of-memory order on a waiting process.

    Raises:
        OSError: The resource limits were refused; the rest is best effort.
    """
    if sys.platform.startswith("linux"):
        for number, value in limits.items():
            hard = resource.prlimit(pid, number)[1]
            bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.prlimit(pid, number, (bound, bound))
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000", encoding="ascii")
