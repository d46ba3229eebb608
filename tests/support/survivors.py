"""Processes that should be dead."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import psutil

from assay.core.clock import SystemClock

T = TypeVar("T")
LONGEST_S = 30.0


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process is neither gone nor a zombie that nobody has buried yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def marked_processes(marker: str, *, of: int | None = None) -> list[psutil.Process]:
    """Return the live processes whose command line holds `marker`.

    Args:
        marker: Words to look for.
        of: Look among the descendants of this process only; None looks at the whole machine.
    """
    every = psutil.process_iter() if of is None else psutil.Process(of).children(recursive=True)
    return [process for process in every if _is_marked(process, marker) and is_alive(process)]


def _is_marked(process: psutil.Process, marker: str) -> bool:
    try:
        return any(marker in word for word in process.cmdline())
    except psutil.Error:
        return False


def wait_until_gone(left: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Return what is left when nothing is, or after half a minute."""
    clock = SystemClock()
    end = clock.monotonic() + LONGEST_S
    while (found := left()) and clock.monotonic() < end:
        time.sleep(0.05)
    return found
