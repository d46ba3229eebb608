"""Keys: single presses of a person at a terminal, which is left as it was found."""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import tty
from typing import Any, Self

_MOST_BYTES = 64
_ESCAPE = "\x1b"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z~]|O.)")
"""What an arrow and its like send."""


class Keys:
    """Reads keys as they are pressed, without an Enter and without showing them; a context manager.

    Ctrl-C still interrupts. Ctrl-Z does nothing meanwhile: it would leave a shell on a screen that is not its own.

    Args:
        descriptor: Of a terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._before: list[Any] = []
        self._stop: Any = None
        self._waiting = ""
        """Pressed, and not handed on yet."""

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._descriptor)
        self._stop = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
        finally:
            signal.signal(signal.SIGTSTP, self._stop)

    def read(self, most_s: float) -> str:
        """Return what was pressed within so many seconds: a character, `escape`, or nothing.

        Arrows and their like are nothing. A terminal that has gone away counts as `escape`.
        """
        if not self._waiting:
            ready, _, _ = select.select([self._descriptor], [], [], most_s)
            if not ready:
                return ""
            pressed = self._pressed()
            if pressed in ("", _ESCAPE):
                return "escape"
            self._waiting = _SEQUENCE.sub("", pressed)
        first, self._waiting = self._waiting[:1], self._waiting[1:]
        return first

    def _pressed(self) -> str:
        try:
            return os.read(self._descriptor, _MOST_BYTES).decode(errors="replace")
        except OSError:
            return ""
