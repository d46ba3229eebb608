"""The processes that a sandbox has running, so that closing it ends them."""

from __future__ import annotations

import threading

from assay.core.errors import MachineError
from assay.sandbox.base import SandboxProcess


class Roster:
    """Knows what runs. Safe for several threads."""

    def __init__(self) -> None:
        self._running: list[SandboxProcess] = []
        self._closed = False
        self._lock = threading.Lock()

    def require_open(self) -> None:
        """Refuse before anything is started.

        Raises:
            MachineError: E516, the sandbox is closed.
        """
        if self._closed:
            raise MachineError("E516", "the sandbox is closed")

    def add(self, process: SandboxProcess) -> None:
        """Remember `process`; one that has ended is forgotten.

        Raises:
            MachineError: E516, the sandbox is closed; `process` is killed.
        """
        with self._lock:
            self._running = [one for one in self._running if one.wait(0) is None]
            if not self._closed:
                self._running.append(process)
                return
        process.kill()
        raise MachineError("E516", "the sandbox is closed")

    def close(self) -> None:
        """Kill whatever runs and wait until it is dead."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, []
        for process in running:
            process.kill()
        for process in running:
            process.wait()
