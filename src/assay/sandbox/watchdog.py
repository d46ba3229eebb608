"""The watchdog: measures a process tree a few times a second and says which limit it has passed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assay.core.clock import Clock
from assay.core.execution import Outcome
from assay.sandbox.base import SandboxLimits
from assay.sandbox.cgroup import Group
from assay.sandbox.processes import TreeUsage, proportional_bytes, survey, unlinked_bytes

_PERIOD_S = 0.25
_FASTEST_S = 0.02
_GROWTH_PER_S = 6 * 2**30  # how fast a process can touch fresh memory; the next look comes before it could pass
_FLOOR_BYTES = 5 * 2**30
_FLOOR_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A limit that was passed."""

    outcome: Outcome
    detail: str


class Watchdog:
    """Limits that the kernel does not hold for us, looked at in turn.

    Args:
        limits: What is allowed.
        clock: For the period.
        writable: Host folders that the process may write to; the first is the workspace.
        group: The control group that holds memory and processes, if there is one.
        tmpfs: Paths, as the process sees them, of its private in-memory file systems; their content is memory.
    """

    def __init__(
        self,
        limits: SandboxLimits,
        clock: Clock,
        *,
        writable: Sequence[Path],
        group: Group | None,
        tmpfs: Sequence[str] = (),
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._writable = tuple(writable)
        self._group = group
        self._tmpfs = tuple(tmpfs)
        self._next_disk_s = clock.monotonic() + _PERIOD_S
        self._free_at_start = _free_bytes(self._writable[0])
        self.peak_memory_bytes: int | None = None
        self.cpu_s: float | None = None
        self.next_look_s = clock.monotonic() + 0.02

    def begin(self) -> None:
        """Take the disk as it is now for that of the start, for a process that was started ahead."""
        self._free_at_start = _free_bytes(self._writable[0])

    def look(self, pids: Sequence[int], *, root: int | None) -> Breach | None:
        """Measure once.

        Args:
            pids: The tree.
            root: A process that sees the tree's own file systems, or None.
        """
        usage = survey(pids)
        if usage.pids:
            self.cpu_s = max(usage.cpu_s, self.cpu_s or 0.0)
        breach = self._look_at_memory(usage, root)
        now = self._clock.monotonic()
        if breach is None and usage.tasks > self._limits.processes:
            breach = Breach(
                outcome=Outcome.PROCESSES,
                detail=f"{usage.tasks} processes and threads, {self._limits.processes} allowed",
            )
        if breach is None and now >= self._next_disk_s:
            breach = self._look_at_disk(usage)
            took_s = self._clock.monotonic() - now
            self._next_disk_s = now + max(_PERIOD_S, 10 * took_s)
        return breach

    def _look_at_memory(self, usage: TreeUsage, root: int | None) -> Breach | None:
        limit = self._limits.memory_bytes
        if self._group is not None:
            used = self._group.peak_bytes() or usage.resident_bytes
            if self._group.was_out_of_memory():
                return _memory_breach(used, limit)
            self.next_look_s = self._clock.monotonic() + _PERIOD_S
        else:
            used = self._measured_memory(usage, root)
            room_s = max(0, limit - used) / _GROWTH_PER_S
            self.next_look_s = self._clock.monotonic() + min(_PERIOD_S, max(_FASTEST_S, room_s))
        if used:
            self.peak_memory_bytes = max(used, self.peak_memory_bytes or 0)
        return _memory_breach(used, limit) if self._group is None and used > limit else None

    def _measured_memory(self, usage: TreeUsage, root: int | None) -> int:
        in_files = 0 if root is None else sum(_private_bytes(root, path) for path in self._tmpfs)
        upper = usage.resident_bytes + in_files
        if upper <= self._limits.memory_bytes // 2:
            return upper
        exact = proportional_bytes(usage.pids)
        return upper if exact is None else exact[0] + max(exact[1], in_files)

    def _look_at_disk(self, usage: TreeUsage) -> Breach | None:
        allowed, most_files = self._limits.workspace_bytes, self._limits.workspace_files
        size, files, hidden = folder_size(self._writable, stop_after=most_files)
        free = _free_bytes(self._writable[0])
        gone = self._free_at_start - free
        if hidden:
            size = max(size, gone)
        if gone > size + allowed // 8:
            size += unlinked_bytes(usage.pids, self._writable[0].stat().st_dev)
        if size > allowed:
            return Breach(outcome=Outcome.DISK, detail=f"{size} bytes written, {allowed} allowed")
        if files > most_files:
            return Breach(outcome=Outcome.DISK, detail=f"more than {most_files} files written")
        floor = min(self._free_at_start // 2, max(_FLOOR_BYTES, int(_FLOOR_SHARE * _total_bytes(self._writable[0]))))
        if free < floor and gone > allowed // 8:
            return Breach(outcome=Outcome.DISK, detail=f"only {free} bytes are free on the disk, {floor} are kept")
        return None


def _memory_breach(used: int, limit: int) -> Breach:
    return Breach(outcome=Outcome.MEMORY, detail=f"used {used} bytes of memory, {limit} allowed")


def folder_size(folders: Sequence[Path], *, stop_after: int) -> tuple[int, int, bool]:
    """Return bytes on disk, number of entries, and whether some folder could not be listed; links are not followed.

    Args:
        folders: Where to look.
        stop_after: End early past this number of entries.
    """
    size = files = 0
    hidden = False
    pending = [str(folder) for folder in folders]
    while pending and files <= stop_after:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    files += 1
                    with suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError:  # made unreadable by its owner, or deeper than a path can say
            hidden = True
    return size, files, hidden


def _free_bytes(path: Path) -> int:
    info = os.statvfs(path)
    return info.f_bavail * info.f_frsize


def _total_bytes(path: Path) -> int:
    info = os.statvfs(path)
    return info.f_blocks * info.f_frsize


def _private_bytes(root: int, path: str) -> int:
    """Return what is used of the file system that process `root` sees at `path`, or 0 while that is still ours.

    A sandbox that is being set up still sees the host's files, whose size says nothing about it.
    """
    theirs = f"/proc/{root}/root{path}"
    try:
        if os.stat(theirs).st_dev == os.stat(path).st_dev:  # noqa: PTH116 - called several times a second
            return 0
        info = os.statvfs(theirs)
    except OSError:
        return 0
    return (info.f_blocks - info.f_bfree) * info.f_frsize
