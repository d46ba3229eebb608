"""Handle: starting a long run, and finding one again from the folder that holds its record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from assay.core.clock import Clock, SystemClock
from assay.core.codec import encode
from assay.core.errors import IntegrityError, MachineError
from assay.sandbox.longrun.capped import last_output, read_log
from assay.sandbox.longrun.record import Life, Order, Record, read_record

_LOOK_S = 0.1
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""Variables that the supervisor is given: it needs no key."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at a long run."""

    life: Life
    record: Record
    words: str
    """How it is doing, in a sentence."""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.life is not Life.RUNNING


class LongRun:
    """A command that was started, by this process or by one before it. It holds nothing open: make as many as needed.

    Args:
        folder: Holds its record and its log.
        clock: Passes the time while waiting.
    """

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder
        self._clock = clock or SystemClock()

    def look(self) -> Look:
        """Return how it is doing now.

        Raises:
            IntegrityError: Its record cannot be read (E412) or is gone (E413).
        """
        record = self._record()
        if record.end is None and not record.supervisor.is_alive:
            record = self._record()  # its last act may have been to write the end
        life = _life(record)
        return Look(life=life, record=record, words=_words(record, life))

    def wait(self, timeout_s: float | None = None) -> Look | None:
        """Return how it ended, or None if it still runs after `timeout_s` seconds."""
        until = None if timeout_s is None else self._clock.monotonic() + timeout_s
        while True:
            look = self.look()
            if look.is_over:
                return look
            if until is not None and self._clock.monotonic() >= until:
                return None
            self._clock.sleep(_LOOK_S)

    def stop(self) -> bool:
        """Ask it to end: the whole tree is sent SIGTERM, and killed once the grace of its order is over.

        Returns:
            Whether there was anything left to ask.
        """
        look = self.look()
        return not look.is_over and look.record.supervisor.signal(signal.SIGTERM)

    def kill(self) -> bool:
        """End it at once, supervisor and all: for a supervisor that does not answer. Its end stays unknown."""
        look = self.look()
        return not look.is_over and look.record.supervisor.signal(signal.SIGKILL)

    def tail(self, size: int = 8_000) -> str:
        """Return the last `size` characters printed."""
        return read_log(self.folder, size)

    def last_output(self) -> float | None:
        """Return when it last printed something, seconds since the epoch, or None."""
        return last_output(self.folder)

    def _record(self) -> Record:
        record = read_record(self.folder)
        if record is None:
            raise IntegrityError("E413", f"there is no record of a long run in {str(self.folder)!r}", fix="assay ls")
        return record


def start_long(folder: Path, order: Order, clock: Clock | None = None) -> LongRun:
    """Start a command that outlives this process.

    Args:
        folder: A new or empty folder for its record and its log; not in the command's workspace.
        order: What is to be run.
        clock: Passes the time of whoever waits on the result.

    Returns:
        When the command runs.

    Raises:
        IntegrityError: The folder holds the record of another one (E414), or lies in the workspace (E415).
        MachineError: It could not be started: by the sandbox's own code, or E518 when the supervisor failed.
    """
    if folder.resolve().is_relative_to(order.workspace.root.resolve()):
        raise IntegrityError("E415", f"the record in {str(folder)!r} would lie within reach of the command")
    folder.mkdir(parents=True, exist_ok=True)
    if read_record(folder) is not None:
        raise IntegrityError("E414", f"{str(folder)!r} holds a long run already", kept="that one", fix="another folder")
    said = _spawn(folder.absolute(), json.dumps(encode(order)))
    try:
        answer = json.loads(said)
    except ValueError:
        words = read_text(folder / "supervisor.log")[-400:].strip() or "it ended without a word"
        raise MachineError("E518", f"the supervisor did not start: {words}", fix="assay doctor") from None
    if "error" in answer:
        raise MachineError(**answer["error"])
    return LongRun(folder, clock)


def attach_long(folder: Path, clock: Clock | None = None) -> LongRun | None:
    """Return the long run that `folder` holds, whoever started it, or None where none was started.

    Raises:
        IntegrityError: Its record cannot be read (E412).
    """
    return None if read_record(folder) is None else LongRun(folder, clock)


def read_text(path: Path) -> str:
    """Return the text of a small file, or nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _spawn(folder: Path, order: str) -> str:
    """Start the supervisor and return what it answers; it is nobody's child when this returns."""
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    argv = [sys.executable, "-P", "-m", "assay.sandbox.longrun.supervisor", str(folder)]
    with (folder / "supervisor.log").open("ab") as errors:
        done = subprocess.run(
            argv,
            input=order,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            env=env,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    return done.stdout.strip()


def _life(record: Record) -> Life:
    if record.end is not None:
        return Life.ENDED
    if not record.supervisor.of_this_boot:
        return Life.LOST
    return Life.RUNNING if record.supervisor.is_alive else Life.UNKNOWN


def _words(record: Record, life: Life) -> str:
    end = record.end
    if end is None:
        return {
            Life.LOST: "the machine was started anew while it ran; how far it was is not known",
            Life.UNKNOWN: "its supervisor was killed, which ended it, too; how far it was is not known",
        }.get(life, f"runs under process {record.supervisor.pid}")
    code = "no exit code" if end.exit_code is None else f"exit code {end.exit_code}"
    named = f" ({end.signal})" if end.signal else ""
    by_force = ", killed because it did not heed the request to end" if end.forced else ""
    return f"{end.outcome}: {code}{named} after {end.wall_s:.1f} s{by_force}"
