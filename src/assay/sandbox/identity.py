"""Identity: which process a number meant, so that a recycled number is never taken for it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

_ENDED = frozenset("ZXx")
"""States of a process that has ended and is only still listed."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One process of one start of one machine."""

    pid: int
    boot: str
    """Which start of the machine: numbers and times of another one mean nothing now."""
    ticks: int
    """When it was started, in the kernel's ticks since that start of the machine."""

    @property
    def of_this_boot(self) -> bool:
        """Whether the machine has not been started anew since."""
        return self.boot == boot_id()

    @property
    def is_alive(self) -> bool:
        """Whether this very process exists and has not ended; a zombie has."""
        found = identify(self.pid)
        return found is not None and found == self

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to this very process and to no other that has its number.

        Returns:
            Whether it was there to be signalled.

        Raises:
            PermissionError: It belongs to somebody else.
        """
        with suppress(ProcessLookupError):
            if not hasattr(os, "pidfd_open"):
                if self.is_alive:
                    os.kill(self.pid, number)
                    return True
                return False
            descriptor = os.pidfd_open(self.pid)
            try:
                # Asked after the descriptor is held: from here on the number cannot come to mean another process.
                if self.is_alive:
                    signal.pidfd_send_signal(descriptor, number)
                    return True
            finally:
                os.close(descriptor)
        return False


def identify(pid: int) -> Identity | None:
    """Return who has this number now, or None where nobody has or who had it has ended."""
    with suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        if fields[0].decode() in _ENDED:
            return None
        return Identity(pid=pid, boot=boot_id(), ticks=int(fields[19]))
    if Path("/proc/self/stat").exists():
        return None
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return Identity(pid=pid, boot=boot_id(), ticks=round(process.create_time() * 1000))
    return None


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return what tells this start of the machine from every other one."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{psutil.boot_time():.0f}"
