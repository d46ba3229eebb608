"""Views without a terminal: dated lines for people and logs, JSON lines for programs, or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from assay.cli.display.feed import Feed, Shown
from assay.cli.display.narrate import MINOR, narrate
from assay.cli.output import Output
from assay.core.clock import iso_utc
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Row, Summary


class View(Protocol):
    """An observer that is opened before a run and closed after it."""

    def on_event(self, event: Event) -> None:
        """Take one event."""
        ...

    def stopping(self) -> None:
        """Show that an end was asked for."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class QuietView:
    """Shows nothing."""

    def on_event(self, event: Event) -> None:
        """Take one event."""

    def stopping(self) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        return None


class PlainView(QuietView):
    """One dated line per event: for pipes, logs, CI and dumb terminals.

    Args:
        output: Where lines go.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def on_event(self, event: Event) -> None:
        """Write the event, unless it is a detail."""
        if event.payload.kind not in MINOR:
            self._output.say(f"{iso_utc(event.time)} {narrate(event)}")


class JsonView(QuietView):
    """`run --json`: a line `launch`, a line `trial` per finished trial; the caller writes the line `done`.

    Args:
        output: Where lines go.
        runs: Folder of the run folders.
        summary: What went before, for a resumed run.
        forecast: What the run will likely cost, as `forecast_json` gives it; told with the launch.
    """

    def __init__(
        self,
        output: Output,
        runs: Path,
        summary: Summary | None = None,
        *,
        forecast: Mapping[str, Any] | None = None,
    ) -> None:
        self._output = output
        self._runs = runs
        self._forecast = forecast
        self._feed = Feed(on_event=self._launch, on_trial=self._trial, summary=summary)

    def on_event(self, event: Event) -> None:
        """Take one event."""
        self._feed.take(event)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._feed.flush()

    def _launch(self, event: Event, summary: Summary) -> None:
        if isinstance(event.payload, (ev.RunStarted, ev.RunResumed)):
            self._output.emit(
                "launch",
                {
                    "event": "launch",
                    "run": summary.run,
                    "pid": event.payload.pid or os.getpid(),
                    "folder": str((self._runs / summary.run).absolute()),
                    "control": str((self._runs / summary.run / "control").absolute()),
                    "resumed": isinstance(event.payload, ev.RunResumed),
                    "forecast": self._forecast,
                },
            )

    def _trial(self, shown: Shown, summary: Summary) -> None:
        self._output.emit("trial", {"event": "trial", "run": summary.run, **row_json(shown.row)})


def row_json(row: Row) -> dict[str, Any]:
    """Return a trial for programs. The title is a candidate's own word; plans and code are for `show --content`."""
    return {
        "trial": row.number,
        "title": row.title,
        "operator": row.operator,
        "parents": list(row.parents),
        "counts": row.counts,
        "state": row.state.value,
        "attempts": row.attempts,
        "score": row.score,
        "std_error": row.std_error,
        "provenance": "graded" if row.score is not None else None,
        "folds": row.folds,
        "wall_s": row.wall_s,
        "reason": row.reason or None,
        "verdict": row.verdict.value if row.verdict else None,
        "against": row.against,
        "effect": row.effect,
        "better_folds": row.same_sign,
        "judged_folds": row.judged_folds,
        "created": iso_utc(row.created) if row.created else None,
        "finished": iso_utc(row.finished) if row.finished else None,
    }
