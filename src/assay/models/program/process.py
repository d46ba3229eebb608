"""One start of a program: the prompt goes in, what it printed comes out, and nothing of it is left running."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assay.core.clock import Clock, SystemClock

_KEEPER = Path(__file__).with_name("_keeper.py")
_LOOK_S = 0.1
"""Seconds between two looks at the clock and at whether the answer is still wanted."""
_CHUNK = 1 << 16
_STDERR_BYTES = 1 << 16
_PATIENCE_S = 15.0
"""Seconds beyond the grace that the keeper is given to end; then it is killed, and its program with it."""


class Cause(StrEnum):
    """Why a program ended."""

    ITSELF = "itself"
    TIME = "time"
    UNWANTED = "unwanted"
    OUTPUT = "output"
    """It printed more than anybody should read."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """What is to be started, and how long and how much it may take."""

    argv: tuple[str, ...]
    """The program's absolute path and its arguments."""
    stdin: bytes
    folder: Path
    """Working directory."""
    env: Mapping[str, str]
    """Every variable that it gets."""
    private: Path
    """Holds what belongs to this start alone. The caller removes it; if Assay is killed, it is removed all the same."""
    timeout_s: float
    longest_output: int
    """Bytes of standard output at which it is ended."""
    grace_s: float = 2.0
    """Seconds between the request to end and the kill: time to save a login that was just renewed."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of it. Every process of its group, and on Linux every process that it started, is dead."""

    cause: Cause
    exit_code: int
    """128 + n if signal n ended it."""
    stdout: str
    stderr: str
    """The last 64 kB."""


def run_program(start: Start, *, wanted: Callable[[], bool], clock: Clock | None = None) -> Ended:
    """Start a program, hand it its input and wait for its end.

    Args:
        start: What to start.
        wanted: Whether somebody still waits; looked at ten times a second.
        clock: Measures the time-out.

    Raises:
        OSError: No process could be started.
    """
    lifeline, held = os.pipe()
    try:
        process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                str(_KEEPER),
                str(lifeline),
                str(start.grace_s),
                str(start.private),
                *start.argv,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=start.folder,
            env=dict(start.env),
            pass_fds=(lifeline,),
            start_new_session=True,
        )
    except BaseException:
        os.close(held)
        raise
    finally:
        os.close(lifeline)
    return _Talk(process, held, start, clock or SystemClock()).hold(wanted)


class _Talk:
    """The pipes of one program, read and written side by side: one of them full must not block the others."""

    def __init__(self, process: subprocess.Popen[bytes], held: int, start: Start, clock: Clock) -> None:
        self._process = process
        self._held: int | None = held
        self._start = start
        self._clock = clock
        self._left = memoryview(start.stdin)
        self._out = bytearray()
        self._err = bytearray()
        self._selector = selectors.DefaultSelector()

    def hold(self, wanted: Callable[[], bool]) -> Ended:
        """Talk until the end, then tidy up."""
        try:
            self._register()
            cause = self._turns(wanted)
            self._let_go()
            code = self._wait()
            self._drain()
            return Ended(cause=cause, exit_code=code, stdout=_text(self._out), stderr=_text(self._err))
        finally:
            self._let_go()
            self._wait()
            self._close()

    def _register(self) -> None:
        stdin, stdout, stderr = self._pipes()
        for descriptor in (stdin, stdout, stderr):
            os.set_blocking(descriptor, False)
        self._selector.register(stdin, selectors.EVENT_WRITE, self._write)
        self._selector.register(stdout, selectors.EVENT_READ, self._read_out)
        self._selector.register(stderr, selectors.EVENT_READ, self._read_err)

    def _pipes(self) -> tuple[int, int, int]:
        streams = (self._process.stdin, self._process.stdout, self._process.stderr)
        first, second, third = (stream.fileno() for stream in streams if stream is not None)
        return first, second, third

    def _turns(self, wanted: Callable[[], bool]) -> Cause:
        deadline = self._clock.monotonic() + self._start.timeout_s
        while self._process.poll() is None:
            left_s = deadline - self._clock.monotonic()
            if left_s <= 0:
                return Cause.TIME
            if not wanted():
                return Cause.UNWANTED
            if not self._turn(min(left_s, _LOOK_S)):
                return Cause.OUTPUT
        return Cause.ITSELF

    def _turn(self, wait_s: float) -> bool:
        """Serve the pipes once; return whether there may be more to read."""
        if not self._selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(wait_s)
            return True
        for key, _ in self._selector.select(wait_s):
            key.data(key.fd)
        return len(self._out) <= self._start.longest_output

    def _write(self, descriptor: int) -> None:
        try:
            if self._left:
                self._left = self._left[os.write(descriptor, self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:
            self._left = self._left[:0]  # it does not read to the end; its answer says whether that was wise
        if not self._left:
            self._selector.unregister(descriptor)
            if self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()

    def _read_out(self, descriptor: int) -> None:
        self._out += self._read(descriptor)

    def _read_err(self, descriptor: int) -> None:
        self._err += self._read(descriptor)
        del self._err[:-_STDERR_BYTES]

    def _read(self, descriptor: int) -> bytes:
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(descriptor)
        return data

    def _let_go(self) -> None:
        """Close the lifeline: whatever still runs ends."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _wait(self) -> int:
        try:
            return self._process.wait(self._start.grace_s + _PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _drain(self) -> None:
        """Read what is still in the pipes, without waiting for a writer that got away."""
        while any(key.events & selectors.EVENT_READ for key in self._selector.get_map().values()):
            ready = [key for key, event in self._selector.select(0) if event & selectors.EVENT_READ]
            if not ready or len(self._out) > self._start.longest_output:
                return
            for key in ready:
                key.data(key.fd)

    def _close(self) -> None:
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _text(data: bytearray) -> str:
    return data.decode("utf-8", "replace")
