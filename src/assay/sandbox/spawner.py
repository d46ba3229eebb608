"""One thread that lives as long as its sandbox and starts every process of it.

The kernel ties "die with your parent" to the thread that forked: started from a pool thread, a sandbox is killed as
soon as that thread ends.
"""

from __future__ import annotations

import errno
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Spawn:
    """What is to be started."""

    argv: Sequence[str]
    stdout: int
    """Descriptor for standard output and error."""
    pass_fds: Sequence[int]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")


class Spawner:
    """Starts processes in new sessions, one after the other, from one long-lived thread."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[Spawn, Future[subprocess.Popen[bytes]]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="assay-spawner", daemon=True)
        self._closed = False
        self._lock = threading.Lock()
        self._thread.start()

    def spawn(self, spawn: Spawn) -> subprocess.Popen[bytes]:
        """Start a process with nothing of ours but the given descriptors.

        Raises:
            OSError: The program is not there, the kernel has no room for another process, or the spawner is closed.
        """
        result: Future[subprocess.Popen[bytes]] = Future()
        with self._lock:
            if self._closed:
                raise OSError(errno.ESHUTDOWN, "the sandbox is closed")
            self._orders.put((spawn, result))
        return result.result()

    def close(self) -> None:
        """End the thread; processes that asked to die with their parent die now."""
        with self._lock:
            self._closed = True
            self._orders.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (order := self._orders.get()) is not None:
            spawn, result = order
            try:
                result.set_result(_popen(spawn))
            except (OSError, ValueError) as error:
                result.set_exception(error)


def _popen(spawn: Spawn) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(spawn.argv),
        stdin=subprocess.DEVNULL,
        stdout=spawn.stdout,
        stderr=spawn.stdout,
        pass_fds=tuple(spawn.pass_fds),
        env=dict(spawn.env),
        cwd=spawn.cwd,
        start_new_session=True,
    )
