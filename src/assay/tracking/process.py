"""The engine's end of the store's process: start it, ask it, notice its death."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.clock import SystemClock
from assay.core.errors import MachineError

_BLOCK = 65_536
_START_S = 30.0
_MOST_REPLY = 256 * 2**20


class StoreLost(Exception):
    """The store, or its process, did not do what was asked; the next request may start another process.

    Args:
        reason: One sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoreProcess:
    """One `assay.tracking.worker`, which imports MLflow when it is first asked. Safe for several threads.

    Args:
        environment: All variables that it gets, through its standard input.
        folder: Its working folder.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""

    @property
    def pid(self) -> int | None:
        """The process id; None while it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def ask(self, request: Mapping[str, Any], *, time_limit_s: float) -> Mapping[str, Any]:
        """Return the reply to `request`.

        Raises:
            StoreLost: It died, was too slow (and is ended), or the store refused.
            MachineError: E540, MLflow is not installed; E541, the process cannot be started.
        """
        with self._lock:
            deadline = self._clock.monotonic() + time_limit_s
            try:
                self._ensure()
                self._write(json.dumps(request).encode() + b"\n", deadline)
                reply = self._read(deadline)
            except StoreLost:
                self._kill()
                raise
        if "error" in reply:
            raise StoreLost(str(reply["error"]))
        return reply

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def kill(self) -> None:
        """End the process while somebody waits for it; that call then fails."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _ensure(self) -> None:
        if self.pid is not None:
            return
        self._kill()
        require_mlflow()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "assay.tracking.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder,
                env={"PATH": self._environment.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        except OSError as error:
            raise MachineError("E541", f"the process of the experiment store cannot be started: {error}") from error
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._rest = b""
        # Not by the process's own start: what stands there, others of the same user could read for a moment.
        self._write(json.dumps(self._environment).encode() + b"\n", self._clock.monotonic() + _START_S)

    def _write(self, data: bytes, deadline: float) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        descriptor = self._process.stdin.fileno()
        while data:
            left = deadline - self._clock.monotonic()
            if left <= 0 or not select.select([], [descriptor], [], left)[1]:
                raise StoreLost("the experiment store did not take what it was told in time")
            try:
                data = data[os.write(descriptor, data[:_BLOCK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise StoreLost("the process of the experiment store was gone") from error

    def _read(self, deadline: float) -> Mapping[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        blocks = [self._rest]
        while b"\n" not in blocks[-1]:
            left = deadline - self._clock.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise StoreLost("the experiment store did not answer in time")
            block = os.read(descriptor, _BLOCK)
            if not block:
                raise StoreLost("the process of the experiment store ended")
            blocks.append(block)
            if len(blocks) * _BLOCK > 16 * _MOST_REPLY:
                raise StoreLost("the process of the experiment store said too much")
        line, _, self._rest = b"".join(blocks).partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise StoreLost("the process of the experiment store said something that is not JSON") from error
        if not isinstance(reply, dict):
            raise StoreLost("the process of the experiment store said something that is no reply")
        return reply

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


def require_mlflow() -> None:
    """Check that MLflow and what its local store needs are installed; nothing is imported.

    Raises:
        MachineError: E540.
    """
    missing = [name for name in ("mlflow", "sqlalchemy", "alembic") if importlib.util.find_spec(name) is None]
    if missing:
        raise MachineError(
            "E540",
            f"tracking needs packages that are not installed: {', '.join(missing)}",
            kept="everything: runs do not need it, and can be exported later",
            fix="uv sync --extra mlflow",
        )
