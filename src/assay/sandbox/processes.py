"""What a tree of processes uses, read from `/proc`; from psutil where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_HAS_CHILDREN_FILE = Path(f"/proc/self/task/{os.getpid()}/children").exists()


@dataclass(frozen=True, kw_only=True)
class TreeUsage:
    """One look at a process tree."""

    pids: tuple[int, ...]
    tasks: int
    """Threads, which is what a process limit counts."""
    resident_bytes: int
    """Shared pages are counted once a process: an upper bound."""
    cpu_s: float
    """Of the processes that live and of those that they have waited for."""


def descendants(pid: int) -> list[int]:
    """Return the children of `pid`, their children and so on; those that end meanwhile may be missing."""
    if not _HAS_CHILDREN_FILE:
        return _descendants_by_psutil(pid)
    found: list[int] = []
    pending = [pid]
    while pending:
        children = _children(pending.pop())
        found += children
        pending += children
    return found


def _children(pid: int) -> list[int]:
    result: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names are all that is wanted
            with suppress(OSError):
                result += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return result


def _descendants_by_psutil(pid: int) -> list[int]:
    import psutil

    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def survey(pids: Iterable[int]) -> TreeUsage:
    """Return what these processes use; those that have ended count nothing."""
    if not Path("/proc/self/stat").exists():
        return _survey_by_psutil(pids)
    page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    alive: list[int] = []
    tasks = resident = ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            alive.append(pid)
            ticks += sum(int(field) for field in fields[11:15])
            tasks += int(fields[17])
            resident += int(fields[21]) * page
    return TreeUsage(pids=tuple(alive), tasks=tasks, resident_bytes=resident, cpu_s=ticks / tick)


def _survey_by_psutil(pids: Iterable[int]) -> TreeUsage:
    import psutil

    alive: list[int] = []
    tasks = resident = 0
    cpu_s = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            resident += process.memory_info().rss
            tasks += process.num_threads()
            cpu_s += sum(process.cpu_times()[:4])
            alive.append(pid)
    return TreeUsage(pids=tuple(alive), tasks=tasks, resident_bytes=resident, cpu_s=cpu_s)


def proportional_bytes(pids: Sequence[int]) -> tuple[int, int] | None:
    """Return private memory and shared-memory pages of a tree, shared pages divided among their users.

    None when a process that still lives may not be read: then only the resident sum is known.
    """
    private = shared = 0
    for pid in pids:
        try:
            text = _read(f"/proc/{pid}/smaps_rollup")
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            return None
        values = {line.split(b":")[0]: line.split()[1] for line in text.splitlines()[1:] if line.startswith(b"Pss")}
        shmem = int(values.get(b"Pss_Shmem", b"0")) * 1024
        private += int(values.get(b"Pss", b"0")) * 1024 - shmem
        shared += shmem
    return private, shared


def unlinked_bytes(pids: Sequence[int], device: int) -> int:
    """Return the bytes on `device` of files that have no name any more and that these processes hold open."""
    sizes: dict[int, int] = {}
    for pid in pids:
        with suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                with suppress(OSError):
                    info = os.stat(f"/proc/{pid}/fd/{descriptor}")  # noqa: PTH116
                    if info.st_nlink == 0 and info.st_dev == device:
                        sizes[info.st_ino] = info.st_blocks * 512
    return sum(sizes.values())


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while block := os.read(descriptor, 1 << 16):
            parts.append(block)
        return b"".join(parts)
    finally:
        os.close(descriptor)
