"""A helper process of ours that is asked in lines of JSON and answers in lines of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from assay.core.clock import SystemClock

_BLOCK = 65_536


class Gone(Exception):
    """The process died, hung or said what is no reply; it is of no more use.

    Args:
        reason: One sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LineProcess:
    """One started process, in a session of its own. For one thread at a time; `signal_kill` is for any.

    Args:
        name: What it is called in reasons, such as `the grading process`.
        argv: The command.
        folder: Its working folder.
        env: All its variables.
        most_reply_bytes: Longest reply.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(
        self, name: str, argv: Sequence[str], *, folder: Path, env: Mapping[str, str], most_reply_bytes: int
    ) -> None:
        self._name = name
        self._most = most_reply_bytes
        self._clock = SystemClock()
        self._rest = bytearray()
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=dict(env),
            start_new_session=True,
        )
        os.set_blocking(_open(self._process.stdin).fileno(), False)

    @property
    def pid(self) -> int | None:
        """The process id; None once it has ended."""
        return self._process.pid if self._process.poll() is None else None

    def write(self, message: Mapping[str, Any], limit_s: float) -> None:
        """Send one line.

        Raises:
            Gone: It did not take it within `limit_s` seconds.
        """
        deadline = self._clock.monotonic() + limit_s
        descriptor = _open(self._process.stdin).fileno()
        data = json.dumps(message).encode() + b"\n"
        while data:
            left = deadline - self._clock.monotonic()
            if left <= 0 or not select.select([], [descriptor], [], left)[1]:
                raise Gone(f"{self._name} did not take what it was told in time")
            try:
                data = data[os.write(descriptor, data[:_BLOCK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise Gone(f"{self._name} was gone") from error

    def read(self, limit_s: float) -> Mapping[str, Any]:
        """Return the next line.

        Raises:
            Gone: There was none within `limit_s` seconds, or it is no JSON object.
        """
        deadline = self._clock.monotonic() + limit_s
        descriptor = _open(self._process.stdout).fileno()
        whole = b"\n" in self._rest
        while not whole:
            left = deadline - self._clock.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise Gone(f"{self._name} did not answer within {limit_s:g} s")
            block = os.read(descriptor, _BLOCK)
            if not block:
                raise Gone(f"{self._name} ended")
            whole = b"\n" in block
            self._rest += block
            if len(self._rest) > self._most:
                raise Gone(f"{self._name} said too much")
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise Gone(f"{self._name} said something that is not JSON") from error
        if not isinstance(reply, dict):
            raise Gone(f"{self._name} said something that is no reply")
        return reply

    def signal_kill(self) -> None:
        """Kill it and all that it started; who waits for a reply is then told that it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill it, and free what it held."""
        self.signal_kill()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                _open(stream).close()
        self._process.wait()


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
