"""Screen: a run as a page of lines that fits a terminal, from its journal and heartbeat alone. No terminal in here."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from assay.cli.commands.watch import status_lines
from assay.cli.display.feed import Feed, Shown
from assay.cli.display.narrate import MINOR, narrate
from assay.cli.display.phases import layout_known, placed, worth_a_line
from assay.cli.display.table import HEADER, trial_line
from assay.cli.shell import Shell
from assay.engine.pulse import read_pulse
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.summary import Summary
from assay.report.liveness import judge

MOST_KEPT = 400
"""Trials that are kept as lines: more than any terminal has."""
MOST_NEWS, NEWS_SHARE = 6, 4
"""Lines for what happened last, and which part of the free lines they take at most."""


class Screen:
    """Follows the journal of one run and lays it out.

    Args:
        shell: Says what the terminal can show.
        folder: The run's.
    """

    def __init__(self, shell: Shell, folder: Path) -> None:
        self._shell = shell
        self._folder = folder
        self._journal = FileJournal(folder / "events.jsonl")
        self._offset, self._digest = 0, ""
        self._trials: deque[Shown] = deque(maxlen=MOST_KEPT)
        self._news: deque[str] = deque(maxlen=MOST_NEWS)
        self._feed = Feed(on_event=self._event, on_trial=self._trial)

    @property
    def summary(self) -> Summary:
        """The run at a glance, as of the last `follow`."""
        return self._feed.summary

    @property
    def live(self) -> bool:
        """Whether a process works on the run now."""
        return read_holder(self._folder / LEASE_FILE) is not None

    def follow(self) -> None:
        """Take what the journal has gained.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        events, self._offset = self._journal.read_from(self._offset, self._digest)
        for event in events:
            self._feed.take(event)
            self._digest = event.digest

    def lines(self, width: int, height: int, foot: str) -> list[str]:
        """Return the page: how it is doing, its last trials, what happened last, and `foot` as the last line.

        Args:
            width: Columns.
            height: Lines, at least 1. Where they are few, what comes first stays.
            foot: What can be pressed.
        """
        head = self._head()[: max(0, height - 1)]
        free = height - len(head) - 1
        news = list(self._news)[-max(0, free // NEWS_SHARE) :] if free >= NEWS_SHARE else []
        table = self._table(width, free - len(news) - (2 if news else 1))
        body = [*head, *(["", *table] if table else []), *(["", *news] if news else [])]
        body += [""] * (height - 1 - len(body))
        return [*body[: height - 1], foot]

    def _head(self) -> list[str]:
        summary, pulse, now = self.summary, read_pulse(self._folder), self._shell.output.clock.now()
        holder = read_holder(self._folder / LEASE_FILE)
        liveness = judge(summary, pulse, holder, now)
        lines = status_lines(self._shell, self._folder, summary, pulse, liveness, holder, now)
        return lines if holder is None else lines[:-1]  # while it runs, the keys take the place of what to type

    def _table(self, width: int, room: int) -> list[str]:
        metric, layout = self.summary.metric, layout_known(self.summary)
        if metric is None or not self._trials or room < 2:
            return []
        output = self._shell.output
        shown = list(self._trials)[-(room - 1) :]
        rows = [trial_line(output, placed(one.row, layout), metric, one.best, width=width) for one in shown]
        return [output.paint(HEADER, "bold"), *rows]

    def _event(self, event: Event, summary: Summary) -> None:
        if event.payload.kind not in MINOR or worth_a_line(event.payload):
            clock = datetime.fromtimestamp(event.time, UTC).astimezone().strftime("%H:%M:%S")
            self._news.append(f" {clock} {narrate(event, summary)}")

    def _trial(self, shown: Shown, summary: Summary) -> None:
        if shown.row.counts:
            self._trials.append(shown)
