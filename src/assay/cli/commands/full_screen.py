"""The command `watch`: a run on the whole screen, from another terminal, and a few keys to steer it."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from assay.cli.commands.finish import When, read_plan
from assay.cli.commands.logs import logs
from assay.cli.display.keys import Keys
from assay.cli.display.screen import Screen
from assay.cli.interrupts import interruptible
from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.exits import Exit
from assay.engine.control import Message, Verb, send

REDRAW_S = 0.5
"""Two redraws a second: less than people notice, more than a slow line over SSH needs."""
SAID_S = 4.0
"""So long it stands there what was asked of the run."""
_QUESTIONS = {
    "s": "skip what runs now, its trial fails?",
    "f": "end the search now and deliver?",
}


def watch(shell: Shell, root: Path, name: str | None) -> int:
    """Show a run on the whole screen until a person leaves; where there is no screen, its events until it ends."""
    folder = find_run(root, name)
    if shell.output.json or not shell.output.abilities.terminal:
        return logs(shell, root, str(folder), follow=True, trial=None, llm=False)
    screen = Screen(shell, folder)
    screen.follow()
    try:
        with interruptible(shell, lambda: None):
            _Watch(shell, folder, screen).go_on()
    except KeyboardInterrupt:
        return Exit.TERMINATED if signal.SIGTERM in shell.signals else 0
    except OSError:
        return 0  # the terminal went away
    return 0


class _Watch:
    """The screen, the keys, and what was asked."""

    def __init__(self, shell: Shell, folder: Path, screen: Screen) -> None:
        self._shell = shell
        self._folder = folder
        self._screen = screen
        self._asked = ""
        self._said, self._said_until = "", 0.0
        self._console = Console(
            file=shell.output.people,
            force_terminal=True,
            no_color=not shell.output.abilities.colour,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def go_on(self) -> None:
        """Draw and obey until a person leaves."""
        with _keys() as keys, self._console.screen(hide_cursor=True) as whole:
            while True:
                self._screen.follow()
                whole.update(self._page())
                pressed = _pressed(keys)
                if pressed in ("q", "Q", "escape") and not self._asked:
                    return
                self._obey(pressed)

    def _page(self) -> Text:
        width, height = self._console.size
        lines = self._screen.lines(width, height, self._foot(with_keys=sys.stdin.isatty()))
        shown = [Text.from_ansi(self._shell.output.shown(line)) for line in lines]
        for line in shown:
            line.truncate(width, overflow="crop")
        page = Text("\n", no_wrap=True, overflow="crop").join(shown)
        page.no_wrap = True
        return page

    def _foot(self, *, with_keys: bool) -> str:
        if self._asked:
            return f" {_QUESTIONS[self._asked]}  y yes · any other key no"
        if time.monotonic() < self._said_until:
            return f" {self._said}"
        if not with_keys:
            return " ^C leave"
        if not self._screen.live:
            return " q leave"
        summary = self._screen.summary
        pause = "continue" if summary.paused_since is not None else "pause"
        steers = f" · p {pause} · s skip · f finish up" if summary.phase in ("", "search") else ""
        return f" q leave{steers}"

    def _obey(self, pressed: str) -> None:
        asked, summary = self._asked, self._screen.summary
        if not pressed or not self._screen.live or summary.phase not in ("", "search"):
            self._asked = asked if not pressed and self._screen.live else ""
        elif asked:
            self._asked = ""
            if pressed in ("y", "Y"):
                self._send(asked)
        elif pressed in _QUESTIONS:
            self._asked = pressed
        elif pressed == "p":
            paused = summary.paused_since is not None
            send(self._folder, Message(verb=Verb.CONTINUE if paused else Verb.PAUSE))
            self._say("it goes on within seconds" if paused else "it will start nothing new; p lets it go on")

    def _send(self, asked: str) -> None:
        if asked == "s":
            send(self._folder, Message(verb=Verb.SKIP))
            self._say("what runs is ended within seconds")
            return
        plan = read_plan(When(), self._shell.output.clock.now(), self._screen.summary)
        send(self._folder, Message(verb=Verb.FINISH, plan=plan))
        self._say("its search ends, and it delivers")

    def _say(self, text: str) -> None:
        self._said, self._said_until = text, time.monotonic() + SAID_S


@contextlib.contextmanager
def _keys() -> Iterator[Keys | None]:
    """Yield the keys of standard input, or None where it is no terminal."""
    if not sys.stdin.isatty():
        yield None
        return
    with Keys(sys.stdin.fileno()) as keys:
        yield keys


def _pressed(keys: Keys | None) -> str:
    if keys is None:
        time.sleep(REDRAW_S)
        return ""
    return keys.read(REDRAW_S)
