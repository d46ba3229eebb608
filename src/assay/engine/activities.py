"""Activities: what is under way now, kept for the pulse; and the processes to end when a run is stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from assay.core.clock import Clock
from assay.core.execution import Outcome
from assay.engine.pulse import Activity


class Endable(Protocol):
    """A process that an activity is tied to."""

    @property
    def handle(self) -> str:
        """Pid and start time as text."""
        ...

    def last_output_age_s(self) -> float:
        """Return the seconds since it last printed, or since its start."""
        ...

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """End it because of `outcome`; callable from any thread."""
        ...


class Activities:
    """A register that worker threads write and the pulse thread reads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[int, Activity] = {}
        self._processes: dict[int, Endable] = {}
        self._next = 0
        self._stopped = False

    @contextmanager
    def doing(
        self, kind: str, label: str, *, trial: int | None = None, view: str = "", limit_s: float | None = None
    ) -> Iterator[int]:
        """Register an activity for as long as the block runs; yields its ticket."""
        with self._lock:
            self._next += 1
            ticket = self._next
            self._open[ticket] = Activity(
                kind=kind, label=label, since=self._clock.now(), trial=trial, view=view, limit_s=limit_s
            )
        try:
            yield ticket
        finally:
            with self._lock:
                self._open.pop(ticket, None)
                self._processes.pop(ticket, None)

    def watch(self, ticket: int, process: Endable) -> None:
        """Tie a process to an activity, so that `stop` ends it; ends it at once after a stop."""
        with self._lock:
            self._processes[ticket] = process
            stopped = self._stopped
        if stopped:
            process.kill(Outcome.STOPPED)

    def stop(self) -> None:
        """End every process under way, and every one that is started until `go_on`."""
        with self._lock:
            self._stopped = True
            processes = list(self._processes.values())
        for process in processes:
            process.kill(Outcome.STOPPED)

    def skip(self, trial: int | None) -> tuple[str, ...]:
        """End the processes under way of one trial, or of all; return what they were."""
        with self._lock:
            ended = {
                self._open[ticket].label: process
                for ticket, process in self._processes.items()
                if ticket in self._open and trial in (None, self._open[ticket].trial)
            }
        for process in ended.values():
            process.kill(Outcome.SKIPPED)
        return tuple(ended)

    def go_on(self) -> None:
        """Allow processes again."""
        with self._lock:
            self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether processes are being ended."""
        return self._stopped

    def now(self) -> tuple[Activity, ...]:
        """Return what is under way, oldest first."""
        with self._lock:
            pairs = [(activity, self._processes.get(ticket)) for ticket, activity in self._open.items()]
        return tuple(
            a if p is None else replace(a, pid=_pid(p), last_output_age_s=p.last_output_age_s()) for a, p in pairs
        )


def _pid(process: Endable) -> int | None:
    head = process.handle.partition(":")[0]
    return int(head) if head.isdigit() else None
