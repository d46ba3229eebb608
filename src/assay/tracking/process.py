"""The engine's end of the store's process: start it, ask it, notice its death."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.clock import SystemClock
from assay.core.errors import MachineError
from assay.core.line_process import Gone, LineProcess

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
        self._process: LineProcess | None = None

    @property
    def pid(self) -> int | None:
        """The process id; None while it does not run."""
        process = self._process
        return process.pid if process is not None else None

    def ask(self, request: Mapping[str, Any], *, time_limit_s: float) -> Mapping[str, Any]:
        """Return the reply to `request`.

        Raises:
            StoreLost: It died, was too slow (and is ended), or the store refused.
            MachineError: E540, MLflow is not installed; E541, the process cannot be started.
        """
        with self._lock:
            deadline = self._clock.monotonic() + time_limit_s
            try:
                process = self._ensure()
                process.write(request, deadline - self._clock.monotonic())
                reply = process.read(deadline - self._clock.monotonic())
            except Gone as gone:
                self._kill()
                raise StoreLost(gone.reason) from gone
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
            process.signal_kill()

    def _ensure(self) -> LineProcess:
        if self._process is not None and self._process.pid is not None:
            return self._process
        self._kill()
        require_mlflow()
        try:
            self._process = LineProcess(
                "the process of the experiment store",
                [sys.executable, "-P", "-m", "assay.tracking.worker"],
                folder=self._folder,
                env={"PATH": self._environment.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                most_reply_bytes=_MOST_REPLY,
            )
        except OSError as error:
            raise MachineError("E541", f"the process of the experiment store cannot be started: {error}") from error
        # Not by the process's own start: what stands there, others of the same user could read for a moment.
        self._process.write(self._environment, _START_S)
        return self._process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()


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
