"""The supervisor: a process of its own that starts one command in a sandbox and records how it really ended.

Started as `python -m assay.sandbox.longrun.supervisor FOLDER` with an order on standard input. It leaves its parent's
session, answers with one JSON line on standard output once the command runs, or why it does not, and stays until the
command's whole tree is dead. SIGTERM asks it to end the command: the tree is asked, then killed after the grace. Should
the supervisor itself be killed, the sandbox ends the tree with it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import cast

import psutil

from assay.core.clock import Clock, SystemClock
from assay.core.codec import decode
from assay.core.errors import AssayError, MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Finished, Sandbox, SandboxProcess
from assay.sandbox.choose import Mode, Require, open_sandbox
from assay.sandbox.identity import identify
from assay.sandbox.longrun.capped import CappedLog
from assay.sandbox.longrun.record import DAY_S, End, Order, Record, write_record
from assay.sandbox.processes import descendants
from assay.sandbox.protect import protect_engine

_LOOK_S = 0.25
_RETRY_S = 2.0
RESERVE, _RESERVE_BYTES = "reserve", 64 * 2**10
"""File beside the record that gives way to it on a full disk."""
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "busybox"})


def main(folder: Path) -> None:
    """Carry out the order on standard input."""
    order = decode(Order, json.load(sys.stdin))
    if os.fork():
        os._exit(0)  # so that nobody is left with a child to wait for
    os.setsid()
    protect_engine()
    supervisor = Supervisor(folder, order, SystemClock())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.ask_to_end)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    supervisor.work(_answer)


def _answer(value: dict[str, object]) -> None:
    """Tell the parent, then let go of everything that ties this process to it."""
    with suppress(OSError):
        os.write(1, (json.dumps(value) + "\n").encode())
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)


class Supervisor:
    """Attends to one command.

    Args:
        folder: Where the record and the log are kept.
        order: What is to be run.
        clock: Gives times.
    """

    def __init__(self, folder: Path, order: Order, clock: Clock) -> None:
        self._folder = folder
        self._order = order
        self._clock = clock
        self._asked = threading.Event()

    def ask_to_end(self, number: int = signal.SIGTERM, frame: FrameType | None = None) -> None:
        """Have the command ended; fit for a signal handler."""
        del number, frame
        self._asked.set()

    def work(self, answer: Callable[[dict[str, object]], None]) -> End:
        """Start the command, wait for its end and record it.

        Args:
            answer: Called once: with the handle of the started process, or with the error that kept it from starting.
        """
        me = identify(os.getpid())
        if me is None:
            raise MachineError("E518", "this process does not find itself in the process table")
        record = Record(argv=self._order.command.argv, supervisor=me, started=self._clock.now())
        write_record(self._folder, record)
        with suppress(OSError):
            (self._folder / RESERVE).write_bytes(os.urandom(_RESERVE_BYTES))
        sandbox: Sandbox | None = None
        try:
            mode, require = cast(Mode, self._order.sandbox), cast(Require, self._order.require)
            sandbox = open_sandbox(mode, require=require, clock=self._clock)
            process = sandbox.start(self._order.command, self._order.workspace, self._order.limits)
        except AssayError as error:
            end = End(outcome=Outcome.INFRA, exit_code=None, ended=self._clock.now(), detail=str(error))
            self._keep(replace(record, end=end))
            answer({"error": error.as_dict()})
            if sandbox is not None:
                sandbox.close()
            return end
        record = replace(record, tier=sandbox.tier, process=process.handle)
        write_record(self._folder, record)
        answer({"process": process.handle})
        end = self._attend(process)
        sandbox.close()
        self._keep(replace(record, end=end))
        return end

    def _attend(self, process: SandboxProcess) -> End:
        log, position, kill_at_s, forced = CappedLog(self._folder, self._order.log_bytes), 0, None, False
        finished: Finished | None = None
        told: set[int] = set()
        while finished is None:
            finished = process.wait(_LOOK_S)
            data, position = process.news(position)
            log.add(data)
            if finished is None and self._asked.is_set():
                if kill_at_s is None:
                    kill_at_s = self._clock.monotonic() + self._order.grace_s
                if self._clock.monotonic() >= kill_at_s:
                    forced = True
                    process.kill(Outcome.STOPPED)
                else:
                    _ask_tree(process.handle, told)
        return _end_of(finished, stopped=kill_at_s is not None, forced=forced, now=self._clock.now())

    def _keep(self, record: Record) -> None:
        """Write how it ended, however long a full disk keeps that from being written.

        The command itself may have filled it, and whoever could make room waits for this record.
        """
        reserve = self._folder / RESERVE
        until = self._clock.monotonic() + DAY_S
        while True:
            try:
                write_record(self._folder, record)
                reserve.unlink(missing_ok=True)
                return
            except OSError:
                if reserve.exists():
                    reserve.unlink(missing_ok=True)
                    continue
                if not self._folder.is_dir() or self._clock.monotonic() > until:
                    return
                self._clock.sleep(_RETRY_S)


def _ask_tree(handle: str, told: set[int]) -> None:
    """Send SIGTERM, once each, to the processes below the guard, those that left the command's session included.

    A shell that waits for a program is held, and asked after it: asked at once it would end, and the program with it,
    unsaved; not held it would go on with what comes after the program.
    """
    for pid in descendants(int(handle.partition(":")[0])):
        if pid in told:
            continue
        waits = _is_shell(pid) and any(identify(below) is not None for below in descendants(pid))
        with suppress(ProcessLookupError, PermissionError):
            if waits:
                os.kill(pid, signal.SIGSTOP)
                continue
            told.add(pid)
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGCONT)


def _is_shell(pid: int) -> bool:
    try:
        return psutil.Process(pid).name() in _SHELLS
    except psutil.Error:
        return False


def _end_of(finished: Finished, *, stopped: bool, forced: bool, now: float) -> End:
    name = ""
    if finished.exit_code is not None and finished.exit_code > 128:
        with suppress(ValueError):
            name = signal.Signals(finished.exit_code - 128).name
    # What came of its own accord before it could heed the request keeps its own cause.
    asked = stopped and finished.outcome in (Outcome.OK, Outcome.ERROR, Outcome.STOPPED)
    return End(
        outcome=Outcome.STOPPED if asked else finished.outcome,
        exit_code=finished.exit_code,
        signal=name,
        forced=forced,
        ended=now,
        wall_s=finished.wall_s,
        cpu_s=finished.cpu_s,
        peak_memory_bytes=finished.peak_memory_bytes,
        detail=finished.detail,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
