"""A sandbox for tests of whatever stands above: a Python function stands in for the process."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.core.clock import Clock, SystemClock
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Finished, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.policy import check_workspace
from assay.sandbox.roster import Roster


@dataclass(frozen=True, kw_only=True)
class FakeResult:
    """How the pretended process ended. What it wrote, the function has already written."""

    outcome: Outcome = Outcome.OK
    exit_code: int | None = 0
    log: str = ""
    wall_s: float = 0.0
    """Seconds that are said to have passed."""
    peak_memory_bytes: int | None = None
    stuck_at: str = ""
    detail: str = ""


Behaviour = Callable[[Command, Workspace, SandboxLimits], FakeResult]
"""Called in a thread of its own; writes its outputs below `workspace.root`, reads mounts from their sources."""


class FakeProcess:
    """A pretended process.

    Args:
        run: Returns the result.
        handle: Its name.
        clock: For `last_output_age_s`.
    """

    def __init__(self, run: Callable[[], FakeResult], handle: str, clock: Clock) -> None:
        self._handle = handle
        self._clock = clock
        self._started_s = clock.monotonic()
        self._finished: Finished | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, args=(run,), name=f"fake-{handle}", daemon=True).start()

    @property
    def handle(self) -> str:
        """Its number as text."""
        return self._handle

    def wait(self, timeout_s: float | None = None) -> Finished | None:
        """Return how it ended, or None if it still runs after `timeout_s` seconds."""
        return self._finished if self._done.wait(timeout_s) else None

    def tail(self, size: int = 8_000) -> str:
        """Return the last `size` characters of its log once it has ended; before that nothing."""
        log = self._finished.log.decode() if self._finished else ""
        return log[-size:] if size > 0 else ""

    def news(self, position: int) -> tuple[bytes, int]:
        """Return what of its log comes after `position` once it has ended; before that nothing."""
        log = self._finished.log if self._finished else b""
        return log[position:], max(position, len(log))

    def last_output_age_s(self) -> float:
        """Return the seconds since its start."""
        return self._clock.monotonic() - self._started_s

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """End it: the function's thread may go on, but its result counts no more."""
        self._end(FakeResult(outcome=outcome, exit_code=None))

    def _run(self, run: Callable[[], FakeResult]) -> None:
        result = FakeResult(outcome=Outcome.INFRA, exit_code=None, detail="the behaviour raised an exception")
        try:
            result = run()
        except Exception:
            if not self._done.is_set():  # of one that was ended, nothing counts any more
                raise
        finally:
            self._end(result)

    def _end(self, result: FakeResult) -> None:
        with self._lock:
            if self._finished is None:
                self._finished = Finished(
                    outcome=result.outcome,
                    exit_code=result.exit_code,
                    wall_s=result.wall_s,
                    cpu_s=result.wall_s,
                    peak_memory_bytes=result.peak_memory_bytes,
                    log=result.log.encode(),
                    stuck_at=result.stuck_at,
                    detail=result.detail,
                )
                self._done.set()


class FakeSandbox:
    """Tier `fake`: runs a Python function in the place of each command, in a thread.

    Args:
        behaviour: What each start does.
        clock: For ages.
    """

    tier = "fake"
    description = "sandbox: fake (a Python function stands in for each process)"

    def __init__(self, behaviour: Behaviour, *, clock: Clock | None = None) -> None:
        self._behaviour = behaviour
        self._clock = clock or SystemClock()
        self._numbers = itertools.count(1)
        self._roster = Roster()
        self.started: list[tuple[Command, Workspace, SandboxLimits]] = []
        """Every start, in order."""

    def start(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess:
        """Start the function."""
        check_workspace(workspace, ())
        self.started.append((command, workspace, limits))
        process = FakeProcess(
            lambda: self._behaviour(command, workspace, limits), f"fake:{next(self._numbers)}", self._clock
        )
        self._roster.add(process)
        return process

    def attach(self, handle: str) -> SandboxProcess | None:
        """Return None: nothing outlives this object."""
        del handle
        return None

    def close(self) -> None:
        """End whatever still runs."""
        self._roster.close()


if TYPE_CHECKING:
    from assay.sandbox.base import Sandbox

    def _conforms(sandbox: FakeSandbox) -> Sandbox:
        return sandbox
