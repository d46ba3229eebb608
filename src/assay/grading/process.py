"""The engine's end of the grading process: start it, ask it, notice its death, start it again."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.errors import MachineError
from assay.core.line_process import Gone, LineProcess

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


class GradingProcess:
    """One warm `assay.grading.worker`. Callable from several threads; requests are answered one at a time.

    Args:
        parent: Folder in which the private working folder of the process is made; None means the system's.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="grader-", dir=parent)
        self._process: LineProcess | None = None
        self._ready = False
        self._lock_down = ""

    @property
    def pid(self) -> int | None:
        """The process id, None before the first start and after the end."""
        process = self._process
        return process.pid if process is not None else None

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
            Gone: The process died or did not answer within the limit; the next request starts another.
            MachineError: E520: it cannot be started.
        """
        with self._lock:
            process = self._ensure()
            self._await_ready(process)
            try:
                process.write(self._spilled(dict(request) | {"time_limit_s": time_limit_s}), _GRACE_S)
                reply = process.read(time_limit_s + _GRACE_S)
            except Gone:
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

    def _ensure(self) -> LineProcess:
        if self._process is not None and self._process.pid is not None:
            return self._process
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
            self._process = LineProcess(
                "the grading process",
                [sys.executable, "-P", "-m", "assay.grading.worker"],
                folder=Path(folder),
                env=environment,
                most_reply_bytes=2 * MOST_REPLY_BYTES,
            )
        except OSError as error:
            raise MachineError("E520", f"the grading process cannot be started: {error}") from error
        self._ready = False
        return self._process

    def _await_ready(self, process: LineProcess) -> None:
        if self._ready:
            return
        try:
            self._ready = bool(process.read(_START_S).get("ready"))
        except Gone as gone:
            self._kill()
            raise MachineError(
                "E520",
                f"the grading process does not start: {gone.reason}",
                fix=f"{sys.executable} -c 'import sklearn'",
            ) from gone

    def _spilled(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `request`, or where it is long, one that names the file it was written to."""
        line = json.dumps(request).encode()
        if len(line) < _BLOCK:
            return request
        spill = Path(self._folder.name) / "request.json"
        spill.write_bytes(line)
        return {"request": str(spill)}

    def _kill(self) -> None:
        process, self._process = self._process, None
        self._ready = False
        if process is not None:
            process.close()
