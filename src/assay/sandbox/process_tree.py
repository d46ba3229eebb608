"""The processes of one start: the guard, its child and whatever that started."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from assay.sandbox.launched import Launched
from assay.sandbox.processes import descendants


class ProcessTree:
    """Who belongs to a start, and how all of it is ended. For one thread.

    Args:
        launched: The guard and its pipes.
    """

    def __init__(self, launched: Launched) -> None:
        self._launched = launched
        self._go_open = True
        self.child: int | None = None
        """Process id, once the guard has told it."""
        self.child_fd = -1
        """Descriptor of the child by which its end is noticed; -1 where there is none, or once it ended."""
        self.guard_ended = False

    @property
    def root(self) -> int | None:
        """The process that all others come from; None where the guard alone tells who they are."""
        return None if self._launched.go_is_lifeline else self.child

    def pids(self) -> list[int]:
        """Return the processes that are the candidate's, without the guard."""
        if self._launched.go_is_lifeline:
            return descendants(self._launched.guard.pid)
        return [] if self.child is None else [self.child, *descendants(self.child)]

    def main_pid(self) -> int | None:
        """Return the process that runs the command: under bwrap the first child of the namespace's first process."""
        if self._launched.go_is_lifeline or self.child is None:
            return self.child
        direct = descendants(self.child)
        return direct[0] if direct else None

    def kill(self) -> None:
        """End all of it."""
        if self._launched.group is not None:
            self._launched.group.kill()
        if self._launched.go_is_lifeline:
            self.close_go()
            return
        self.kill_child()
        if self.child is None and not self.guard_ended:
            self._kill_unannounced()
        self._launched.guard.kill()

    def _kill_unannounced(self) -> None:
        """Kill what the guard has started and not told of yet: without the guard it would wait for it for ever."""
        guard = self._launched.guard.pid
        with suppress(ProcessLookupError, PermissionError):
            os.kill(guard, signal.SIGSTOP)  # it starts nothing any more, and the numbers of its children stay theirs
            for pid in descendants(guard):
                os.kill(pid, signal.SIGKILL)

    def kill_child(self) -> None:
        """Kill the child, if its end is still waited for."""
        if self.child_fd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.child_fd, signal.SIGKILL)

    def close_go(self) -> None:
        """Close the pipe on which the guard is told to go on; any number of times."""
        if self._go_open:
            self._go_open = False
            os.close(self._launched.go)


def handle_of(pid: int) -> str:
    """Return what names a process for good: its id and its start time, 0 where the system does not tell that."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return f"{pid}:{int(fields[19])}"
    return f"{pid}:0"
