"""`assay watch` in a terminal of its own: what it shows, what its keys do, and that it leaves no trace."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.engine.control import Verb, take
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, Lease
from unit.cli.conftest import Assay

ENTER, LEAVE, CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
PATIENCE_S = 60.0


class Terminal:
    """A terminal with `assay watch` in it."""

    def __init__(self, folder: Path, *words: str, rows: int = 30) -> None:
        self._own, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
        self._theirs = theirs
        self.before = termios.tcgetattr(theirs)
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assay", "watch", *words],
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self.seen = ""

    @property
    def modes(self) -> list[Any]:
        """How the terminal is set."""
        return termios.tcgetattr(self._theirs)

    def until(self, text: str) -> None:
        """Read until `text` has been shown since the last time."""
        begun, end = len(self.seen), time.monotonic() + PATIENCE_S
        while text not in self.seen[begun:]:
            assert time.monotonic() < end, f"{text!r} was never shown: {self.seen[-2000:]!r}"
            self._read()

    def press(self, key: str) -> None:
        os.write(self._own, key.encode())

    def ended(self) -> int:
        """Return the exit code, everything read."""
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < end:
            self._read()
        self._read()
        assert self.process.returncode is not None
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._own)
        os.close(self._theirs)

    def _read(self) -> None:
        if select.select([self._own], [], [], 0.2)[0]:
            self.seen += os.read(self._own, 65_536).decode(errors="replace")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str, rows: int = 30) -> Terminal:
        opened.append(Terminal(tmp_path, *words, rows=rows))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_it_shows_the_run_and_leaves_the_terminal_as_it_was(
    story: Callable[[str], History], terminal: Callable[..., Terminal]
) -> None:
    story("good_run")
    shown = terminal("brisk")
    shown.until(" q leave")
    assert ENTER in shown.seen
    for words in ("brisk-otter", "stopped by: trials", " best   #", "Blend of boosting", "sealed", "run finished"):
        assert words in shown.seen
    assert "p pause" not in shown.seen
    assert shown.modes != shown.before
    shown.press("\x1b[A")  # an arrow means nothing
    shown.press("q")
    assert shown.ended() == 0
    assert shown.seen.rindex(LEAVE) > shown.seen.rindex(ENTER)
    assert CURSOR in shown.seen[shown.seen.rindex(ENTER) :]
    assert shown.modes == shown.before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_leaves_it_as_it_was_too(
    story: Callable[[str], History], terminal: Callable[..., Terminal], number: signal.Signals, code: int
) -> None:
    story("good_run")
    shown = terminal(rows=6)
    shown.until(" q leave")
    shown.process.send_signal(number)
    assert shown.ended() == code
    assert LEAVE in shown.seen
    assert "Traceback" not in shown.seen
    assert shown.modes == shown.before


def test_keys_steer_a_run_that_goes_on_and_what_ends_something_is_asked_about(
    tmp_path: Path, story: Callable[[str], History], terminal: Callable[..., Terminal]
) -> None:
    story("interrupted")
    folder = tmp_path / "runs" / "late-falcon"
    lease = Lease(folder / LEASE_FILE)
    try:
        shown = terminal("late-falcon")
        shown.until(" q leave · p pause · s skip · f finish up")
        shown.press("p")
        shown.until("it will start nothing new")
        shown.press("s")
        shown.until("skip what runs now")
        shown.press("n")
        shown.press("f")
        shown.until("end the search now and deliver?")
        shown.press("y")
        shown.until("its search ends, and it delivers")
        shown.press("q")
        assert shown.ended() == 0
    finally:
        lease.release()
    messages = take(folder)
    assert [message.verb for message in messages] == [Verb.PAUSE, Verb.FINISH]
    assert messages[1].plan is not None


def test_nothing_that_a_candidate_wrote_steers_the_terminal(
    story: Callable[[str], History], terminal: Callable[..., Terminal]
) -> None:
    story("hostile_texts")
    shown = terminal()
    shown.until(" q leave")
    shown.press("q")
    assert shown.ended() == 0
    assert "\x07" not in shown.seen
    assert "\u202e" not in shown.seen
    assert "\x1b]" not in shown.seen


def test_without_a_screen_it_is_the_log(story: Callable[[str], History], assay: Assay) -> None:
    story("good_run")
    assert assay("watch").out == assay("logs", "-f").out
    assert assay("watch", "nobody").code == 5
