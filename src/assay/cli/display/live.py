"""The live view: finished trials scroll away above a panel of at most eight lines that is redrawn in place."""

from __future__ import annotations

import contextlib
import queue
import threading
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from assay.cli.display.feed import Feed, Shown
from assay.cli.display.narrate import narrate
from assay.cli.display.panel import panel_lines
from assay.cli.display.phases import layout_known, placed
from assay.cli.display.table import HEADER, trial_line
from assay.cli.output import Output
from assay.engine.pulse import read_pulse
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Summary

REDRAW_S = 0.5
"""Two redraws a second: less than people notice, more than a slow line over SSH needs."""

_SPOKEN = (ev.RunResumed, ev.NoiseMeasured, ev.SealedOpened, ev.Told, ev.Paused, ev.Remarked)


class LiveView:
    """Draws on a terminal, inline: no alternate screen, and nothing that has scrolled away is touched again.

    Events only fill a queue; one thread draws, so that a slow terminal never holds up the engine.

    Args:
        output: The terminal.
        runs: Folder of the run folders, for heartbeats.
        summary: What went before, for a resumed run.
    """

    def __init__(self, output: Output, runs: Path, summary: Summary | None = None) -> None:
        self._output = output
        self._runs = runs
        self._console = Console(
            file=output.people,
            force_terminal=True,
            no_color=not output.abilities.colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._feed = Feed(on_event=self._event, on_trial=self._trial, summary=summary)
        self._headed = False
        self._stopping = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw_on, name="display", daemon=True)

    def on_event(self, event: Event) -> None:
        """Take one event."""
        self._feed.take(event)

    def stopping(self) -> None:
        """Show that an end was asked for."""
        self._stopping = True

    def __enter__(self) -> Self:
        self._live.start()
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._feed.flush()
        self._over.set()
        self._thread.join(timeout=5)
        with contextlib.suppress(OSError):
            self._live.stop()

    def _event(self, event: Event, summary: Summary) -> None:
        if isinstance(event.payload, _SPOKEN):
            self._lines.put(" " + narrate(event))

    def _trial(self, shown: Shown, summary: Summary) -> None:
        if summary.metric is None or not shown.row.counts:
            return
        if not self._headed:
            self._headed = True
            self._lines.put(self._output.paint(HEADER, "bold"))
        width = self._console.width
        row = placed(shown.row, layout_known(summary))
        self._lines.put(trial_line(self._output, row, summary.metric, shown.best, width=width))

    def _draw_on(self) -> None:
        # A terminal that went away ends the drawing and not the run.
        with contextlib.suppress(OSError):
            while not self._over.wait(REDRAW_S):
                self._draw()
            self._draw()

    def _draw(self) -> None:
        while not self._lines.empty():
            line = self._output.fit(self._lines.get())
            self._console.print(Text.from_ansi(line), soft_wrap=False, overflow="crop", no_wrap=True)
        with self._feed.lock:
            lines = self._panel()
        self._live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)

    def _panel(self) -> list[str]:
        summary = self._feed.summary
        pulse = read_pulse(self._runs / summary.run) if summary.run else None
        now = self._output.clock.now()
        lines = panel_lines(summary, pulse, now=now, width=self._console.width - 1, stopping=self._stopping)
        return [self._output.fit(line)[: self._console.width - 1] for line in lines]
