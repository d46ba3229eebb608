"""The keeper: a small process that starts a program and outlives every process that comes of it.

It is started as a file by a bare interpreter (`python -I -S _keeper.py LIFELINE GRACE_S FOLDER PROGRAM ARGUMENT...`),
so it imports nothing of this package. Standard input, output and error go to the program. When LIFELINE is closed,
Assay is gone or wants the end: the program is asked to end, and after GRACE_S seconds everything is killed. What the
program leaves behind at its own end is killed, too. Where Assay is gone, FOLDER is removed in its stead. The exit
code is the program's, or 128 + n if signal n ended it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LINUX = sys.platform.startswith("linux")
_KILL_S = 10.0
"""A process that even SIGKILL does not end within this time is left to the kernel."""


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, *(ctypes.c_ulong(v) for v in (value, 0, 0, 0)))


def _become(argv: list[str], keeper: int) -> None:
    """In the child: be the program."""
    try:
        os.setsid()
        if _LINUX:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != keeper:
                os._exit(125)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores, and exec would hand on
        os.execv(argv[0], argv)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127 if error.errno == errno.ENOENT else 126)
    finally:
        os._exit(125)


def _reap(child: int) -> int | None:
    """Take in every process that has ended; return the child's wait status if it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def _attend(child: int, lifeline: int, deadline: float | None = None) -> int | None:
    """Wait for the child's end; return its wait status, or None if the lifeline is closed or the deadline passed.

    Args:
        child: The program's process.
        lifeline: What to look at besides it; -1 for nothing.
        deadline: Monotonic time to wait for at most; None for no bound.
    """
    end = os.pidfd_open(child) if hasattr(os, "pidfd_open") else -1
    poller = select.poll()
    for descriptor in (lifeline, end):
        if descriptor >= 0:
            poller.register(descriptor, select.POLLIN)
    while True:
        left_s = 1.0 if deadline is None else deadline - time.monotonic()
        if left_s <= 0:
            return None
        events = dict(poller.poll(int(1000 * min(left_s, 1.0 if end >= 0 else 0.02)) + 1))
        status = _reap(child)
        if status is not None:
            return status
        if lifeline in events:
            return None


def _children(child: int) -> list[int]:
    """Return our children; what a dead process leaves behind becomes one where the kernel offers that."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as stream:  # noqa: PTH123
            return [int(word) for word in stream.read().split()]
    except OSError:
        return [child]


def _signal(pid: int, sign: int) -> None:
    for send in (os.killpg, os.kill):
        try:  # noqa: SIM105 - contextlib would be paid at every start
            send(pid, sign)
        except (ProcessLookupError, PermissionError):
            pass


def _kill_all(child: int) -> None:
    """Kill until there is no child left."""
    deadline = time.monotonic() + _KILL_S
    _signal(child, signal.SIGKILL)
    while time.monotonic() < deadline:
        for sign in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none can have children meanwhile
            for pid in _children(child):
                _signal(pid, sign)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def main(lifeline: int, grace_s: float, folder: str, argv: list[str]) -> int:
    """Keep one program; return the exit code to end with."""
    keeper, assay = os.getpid(), os.getppid()
    if _LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        os.close(lifeline)
        _become(argv, keeper)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # the pipes shall close when the program has closed them
        os.dup2(nothing, descriptor)
    status = _attend(child, lifeline)
    if status is None:
        _signal(child, signal.SIGTERM)
        status = _attend(child, -1, time.monotonic() + grace_s)
    _kill_all(child)
    if os.getppid() != assay:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
    if status is None:
        return 128 + signal.SIGKILL
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]))
