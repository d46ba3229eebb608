"""The engine's end of the grading process: start it, ask it, notice its death, start it again."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.clock import SystemClock
from assay.core.errors import MachineError

MOST_REPLY_BYTES = 16 * 2**20
"""Longest reply: a blend of thousands of classes names each of them."""
LOCK = "lock"
"""Key under which a reply says what the process had given up when it read the files."""
_BLOCK = 65_536
"""Longer requests go through a file."""
_START_S = 120.0
"""Importing the numeric libraries on a cold disk may take long."""
_GRACE_S = 15.0
"""The worker itself ends a request at its limit; only if it cannot, this ends the worker."""

_logger = logging.getLogger(__name__)


class Lost(Exception):
    """The process died or hung during a request; the next request starts another.

    Args:
        reason: One sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class GradingProcess:
    """One warm `assay.grading.worker`. Callable from several threads; requests are answered one at a time.

    Args:
        parent: Folder in which the private working folder of the process is made; None means the system's.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._clock = SystemClock()
        self._folder = tempfile.TemporaryDirectory(prefix="grader-", dir=parent)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = bytearray()
        self._ready = False
        self._lock_down = ""

    @property
    def pid(self) -> int | None:
        """The process id, None before the first start and after the end."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process if it does not run; it imports its libraries while the caller goes on."""
        with self._lock:
            self._ensure()

    def close(self) -> None:
        """End the process and remove its folder."""
        with self._lock:
            self._kill()
            self._folder.cleanup()

    def ask(self, request: Mapping[str, Any], *, time_limit_s: float) -> Mapping[str, Any]:
        """Return the reply to `request`.

        Raises:
            Lost: The process died or did not answer within the limit.
            MachineError: E520: it cannot be started.
        """
        with self._lock:
            self._ensure()
            self._await_ready()
            try:
                self._write(dict(request) | {"time_limit_s": time_limit_s})
                reply = self._read(time_limit_s + _GRACE_S)
            except Lost:
                self._kill()
                raise
            self.note_lock(reply)
            return reply

    def note_lock(self, reply: Mapping[str, Any]) -> None:
        """Say once in the log what the process could not give up before it read files of generated code."""
        lock = str(reply.get(LOCK, self._lock_down))
        if lock != self._lock_down and ("Landlock" not in lock or "seccomp" not in lock):
            _logger.warning("the grading process reads files of generated code with less isolation: %s", lock)
        self._lock_down = lock

    def _ensure(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._kill()
        folder = self._folder.name
        environment = {
            "PATH": os.defpath,
            "HOME": folder,
            "TMPDIR": folder,
            "LANG": "C.UTF-8",
            # One thread: forks of a process with BLAS threads can hang.
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1"),
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "assay.grading.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise MachineError("E520", f"the grading process cannot be started: {error}") from error
        self._rest, self._ready = bytearray(), False

    def _await_ready(self) -> None:
        if self._ready:
            return
        try:
            self._ready = bool(self._read(_START_S).get("ready"))
        except Lost as lost:
            self._kill()
            raise MachineError(
                "E520",
                f"the grading process does not start: {lost.reason}",
                fix=f"{sys.executable} -c 'import sklearn'",
            ) from lost

    def _write(self, request: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        line = json.dumps(request).encode() + b"\n"
        if len(line) > _BLOCK:
            spill = Path(self._folder.name) / "request.json"
            spill.write_bytes(line)
            line = json.dumps({"request": str(spill)}).encode() + b"\n"
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError as error:
            raise Lost("the grading process was gone") from error

    def _read(self, limit_s: float) -> Mapping[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = self._clock.monotonic() + limit_s
        whole = b"\n" in self._rest
        while not whole:
            left = deadline - self._clock.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise Lost(f"the grading process did not answer within {limit_s:g} s")
            block = os.read(descriptor, _BLOCK)
            if not block:
                raise Lost("the grading process ended")
            whole = b"\n" in block
            self._rest += block
            if len(self._rest) > 2 * MOST_REPLY_BYTES:
                raise Lost("the grading process said too much")
        line, _, rest = self._rest.partition(b"\n")
        self._rest = bytearray(rest)
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise Lost("the grading process said something that is not JSON") from error
        if not isinstance(reply, dict):
            raise Lost("the grading process said something that is no reply")
        return reply

    def _kill(self) -> None:
        process, self._process = self._process, None
        self._ready = False
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()
