"""Cores: how many of the machine's a process may really use."""

from __future__ import annotations

import os
from pathlib import Path

from assay.core.control_groups import GROUPS, OWN, group_folders, group_text


def usable_cores(*, groups: Path = GROUPS, own: Path = OWN) -> int:
    """Return how many cores this process may use, at least 1.

    The smallest of the cores there are, those that its affinity names (`taskset`, a batch system), and the quota of the
    control groups it is in (a container's `--cpus`), rounded down. What cannot be read bounds nothing.

    Args:
        groups: Where control groups are mounted.
        own: The file that names this process's.

    References:
        https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max),
        https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us, of the first version).
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in group_folders("cpu", groups=groups, own=own) if (quota := _quota(folder)) is not None]
    return max(1, min([allowed, *(int(quota) for quota in quotas)]))


def _quota(folder: Path) -> float | None:
    """Return the cores that a group may use on average; None for no bound."""
    words = group_text(folder / "cpu.max").split()
    if not words:
        words = [group_text(folder / "cpu.cfs_quota_us").strip(), group_text(folder / "cpu.cfs_period_us").strip()]
    if len(words) != 2 or not all(word.isdecimal() and int(word) > 0 for word in words):
        return None
    return int(words[0]) / int(words[1])
