"""A started process tree and the one thread that attends to it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from assay.core.clock import Clock
from assay.core.execution import Outcome
from assay.sandbox.base import Finished, SandboxLimits
from assay.sandbox.launched import Launched
from assay.sandbox.output import OutputBuffer
from assay.sandbox.process_tree import ProcessTree, handle_of
from assay.sandbox.protect import apply_limits
from assay.sandbox.stack import stuck_at, without_dump
from assay.sandbox.watchdog import Watchdog

_ABORT_GRACE_S = 0.5
_KILL_GRACE_S = 20.0
_POLL_S = 0.02
_READ = 1 << 16


class TreeProcess:
    """A `SandboxProcess` around a guard process.

    Args:
        launched: The guard and its pipes; owned from here on.
        limits: What is allowed.
        watchdog: Measures the tree.
        clock: For the wall limit.
    """

    def __init__(self, launched: Launched, limits: SandboxLimits, watchdog: Watchdog, clock: Clock) -> None:
        self._launched = launched
        self._limits = limits
        self._watchdog = watchdog
        self._clock = clock
        self._buffer = OutputBuffer(limits.log_bytes)
        self._started_s = self._last_output_s = clock.monotonic()
        self._verdict: tuple[Outcome, str] | None = None
        self._record: dict[str, Any] = {}
        self._partial_status = b""
        self._tree = ProcessTree(launched)
        self._abort_position: int | None = None
        self._kill_at_s: float | None = None
        self._killed_s: float | None = None
        self._waiting: set[int] = set()
        self._asking: list[threading.Event] = []
        self._finished: Finished | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        self._handle = handle_of(launched.guard.pid)
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._attend, name="assay-attendant", daemon=True)
        self._thread.start()

    @property
    def handle(self) -> str:
        """Pid and start time of the guard process."""
        return self._handle

    @property
    def peak_memory_bytes(self) -> int | None:
        """The most memory of the tree that was seen so far."""
        return self._watchdog.peak_memory_bytes

    def has_printed(self) -> bool:
        """Return whether anything was printed, with what is on its way; waits for the thread that reads it."""
        asked = threading.Event()
        with self._lock:
            if not self._done.is_set():
                self._asking.append(asked)
                os.write(self._wake_write, b"p")
        while not asked.wait(_POLL_S) and not self._done.is_set():
            pass
        return self._buffer.total > 0

    def begin(self, limits: SandboxLimits) -> None:
        """Count time from now on, for a process that was started ahead; of `limits` only the wall time is new."""
        self._watchdog.begin()
        self._last_output_s = self._clock.monotonic()
        # The clock first: the attendant must never see the new limit on the old time.
        self._started_s = self._last_output_s
        self._limits = limits
        with self._lock:
            if not self._done.is_set():
                os.write(self._wake_write, b"b")

    def wait(self, timeout_s: float | None = None) -> Finished | None:
        """Return how it ended, or None if it still runs after `timeout_s` seconds."""
        return self._finished if self._done.wait(timeout_s) else None

    def tail(self, size: int = 8_000) -> str:
        """Return the last `size` characters printed so far."""
        return self._buffer.tail(size)

    def news(self, position: int) -> tuple[bytes, int]:
        """Return what was printed from the `position`-th byte on, and the position after it."""
        return self._buffer.news(position)

    def last_output_age_s(self) -> float:
        """Return the seconds since it last printed, or since its start."""
        return self._clock.monotonic() - self._last_output_s

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """End the whole tree now."""
        self._breach(outcome, "")
        with self._lock:
            if not self._done.is_set():
                self._kill_at_s = self._clock.monotonic()
                os.write(self._wake_write, b"k")

    # From here on only the attendant thread runs.

    def _attend(self) -> None:
        try:
            self._register()
            while self._waiting:
                self._turn()
            self._drain()
        finally:
            self._conclude()

    def _register(self) -> None:
        for descriptor, handler in (
            (self._launched.output, self._on_output),
            (self._launched.status, self._on_status),
            (self._wake_read, self._on_wake),
        ):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, handler)
        self._watch_end(self._launched.guard.pid)

    def _watch_end(self, pid: int) -> int:
        """Have the end of `pid` noticed; without descriptors for processes the guard is polled."""
        if not hasattr(os, "pidfd_open"):
            self._waiting.add(-1)
            return -1
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return -1
        self._waiting.add(descriptor)
        self._selector.register(descriptor, selectors.EVENT_READ, self._on_end)
        return descriptor

    def _turn(self) -> None:
        now = self._clock.monotonic()
        moments = [self._watchdog.next_look_s, self._deadline_s()]
        wait_s = max(0.0, min(moments) - now)
        if -1 in self._waiting:
            wait_s = min(wait_s, _POLL_S)
        for key, _ in self._selector.select(wait_s):
            # The end of the guard reads its status to the end, whose own turn may come in the same breath.
            if key.fd in self._selector.get_map():
                key.data(key.fd)
        if -1 in self._waiting and self._launched.guard.poll() is not None:
            self._waiting.discard(-1)
        if self._waiting:
            self._check(self._clock.monotonic())

    def _deadline_s(self) -> float:
        if self._killed_s is not None:
            return self._killed_s + _KILL_GRACE_S
        return self._started_s + self._limits.wall_s if self._kill_at_s is None else self._kill_at_s

    def _check(self, now: float) -> None:
        if self._killed_s is None and now >= self._deadline_s():
            if self._kill_at_s is None:
                self._on_time_out(now)
            else:
                self._killed_s = now
                self._tree.kill()
        elif self._killed_s is not None and now >= self._deadline_s():
            self._waiting.clear()  # a process that even SIGKILL does not end: reported as ours
            self._verdict = (Outcome.INFRA, "a process of the tree could not be killed")
        elif now >= self._watchdog.next_look_s:
            self._look()

    def _look(self) -> None:
        breach = self._watchdog.look(self._tree.pids(), root=self._tree.root)
        if breach is not None and self._verdict is None:
            self._breach(breach.outcome, breach.detail)
            self._kill_at_s = self._clock.monotonic()

    def _breach(self, outcome: Outcome, detail: str) -> None:
        with self._lock:
            if self._verdict is None:
                self._verdict = (outcome, detail)

    def _on_output(self, descriptor: int) -> None:
        with suppress(BlockingIOError):
            data = os.read(descriptor, _READ)
            if not data:
                self._selector.unregister(descriptor)
                return
            self._buffer.add(data)
            self._last_output_s = self._clock.monotonic()
            if self._buffer.total > self._limits.output_bytes and self._verdict is None:
                self._breach(Outcome.OUTPUT, f"printed more than {self._limits.output_bytes} bytes")
                self._kill_at_s = self._last_output_s

    def _on_status(self, descriptor: int) -> None:
        with suppress(BlockingIOError):
            data = os.read(descriptor, _READ)
            if not data:
                self._selector.unregister(descriptor)
                return
            *lines, self._partial_status = (self._partial_status + data).split(b"\n")
            for line in lines:
                self._record |= json.loads(line)
            if self._tree.child is None and "child-pid" in self._record:
                self._let_go(int(self._record["child-pid"]))

    def _let_go(self, child: int) -> None:
        """Put the limits on the waiting child, then let it run the command."""
        self._tree.child = child
        if not self._launched.go_is_lifeline:
            self._tree.child_fd = self._watch_end(child)
        if self._tree.guard_ended:
            return
        try:
            apply_limits(child, self._launched.limits)
            if self._launched.group is not None:
                self._launched.group.join(child)
            self._started_s = self._clock.monotonic()
            if self._verdict is None:
                os.write(self._launched.go, b"g")
        except OSError as error:
            self._breach(Outcome.INFRA, f"limits could not be set: {error}")
            self._kill_at_s = self._clock.monotonic()

    def _on_wake(self, descriptor: int) -> None:
        with suppress(BlockingIOError):
            os.read(descriptor, _READ)
        with self._lock:
            asking, self._asking = self._asking, []
        if asking and self._launched.output in self._selector.get_map():
            self._on_output(self._launched.output)
        for asked in asking:
            asked.set()

    def _on_end(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)
        self._waiting.discard(descriptor)
        if descriptor != self._tree.child_fd:
            self._tree.guard_ended = True
            if self._launched.status in self._selector.get_map():
                self._on_status(self._launched.status)
            self._launched.guard.wait()
            # The namespace dies with its first process, which bwrap has asked to die with it.
            if self._tree.child_fd in self._waiting:
                self._tree.kill_child()
        os.close(descriptor)
        if descriptor == self._tree.child_fd:
            self._tree.child_fd = -1

    def _on_time_out(self, now: float) -> None:
        self._breach(Outcome.TIMEOUT, f"still running after {self._limits.wall_s:g} s")
        self._abort_position = self._buffer.total
        self._kill_at_s = now + _ABORT_GRACE_S
        if (main := self._tree.main_pid()) is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(main, signal.SIGABRT)

    def _drain(self) -> None:
        """Read what is still in the pipes; nobody can write any more."""
        for descriptor, handler in ((self._launched.output, self._on_output), (self._launched.status, self._on_status)):
            while descriptor in self._selector.get_map():
                before = self._buffer.total, self._partial_status, len(self._record)
                handler(descriptor)
                if before == (self._buffer.total, self._partial_status, len(self._record)):
                    break

    def _conclude(self) -> None:
        """Free everything, then let `wait` return."""
        wall_s = self._clock.monotonic() - self._started_s
        group = self._launched.group
        if group is not None and self._verdict is None and group.was_out_of_memory():
            self._verdict = (Outcome.MEMORY, f"used more than {self._limits.memory_bytes} bytes of memory")
        try:
            self._finished = self._finish(wall_s)
        finally:
            if self._finished is None:
                self._finished = Finished(
                    outcome=Outcome.INFRA, exit_code=None, wall_s=wall_s, cpu_s=None, peak_memory_bytes=None, log=b""
                )
            if group is not None:
                group.remove()  # before anybody hears of the end: an engine that then exits would leave it behind
            with self._lock:
                self._tree.close_go()
                self._selector.close()
                for descriptor in (self._launched.output, self._launched.status, self._wake_read, self._wake_write):
                    os.close(descriptor)
                self._done.set()

    def _finish(self, wall_s: float) -> Finished:
        code = self._record.get("exit-code")
        outcome, detail = self._verdict or self._own_end(code)
        group = self._launched.group
        peaks = [self._watchdog.peak_memory_bytes, self._record.get("peak"), group.peak_bytes() if group else None]
        known = [peak for peak in peaks if peak]
        cpu_s = self._record.get("cpu-s") or (group.cpu_s() if group else None) or self._watchdog.cpu_s
        printed = b"" if self._abort_position is None else self._buffer.since(self._abort_position)
        log = self._buffer.content()
        stack = stuck_at(printed.decode(errors="replace"))
        self._launched.clean_up()
        return Finished(
            outcome=outcome,
            exit_code=code,
            wall_s=wall_s,
            cpu_s=cpu_s,
            peak_memory_bytes=max(known) if known else None,
            log=without_dump(log) if stack else log,
            stuck_at=stack,
            detail=detail,
        )

    def _own_end(self, code: int | None) -> tuple[Outcome, str]:
        if code is None:
            said = self._record.get("error") or self._buffer.tail(400).strip() or "it ended without a word"
            return Outcome.INFRA, f"the sandbox did not start: {said}"
        if code == 0:
            return Outcome.OK, ""
        if code > 128:
            with suppress(ValueError):
                return Outcome.ERROR, f"ended by {signal.Signals(code - 128).name}"
        return Outcome.ERROR, f"exit code {code}"


if TYPE_CHECKING:
    from assay.sandbox.base import SandboxProcess

    def _conforms(process: TreeProcess) -> SandboxProcess:
        return process
