"""Views without a terminal: dated lines for people and logs, JSON lines for programs, or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from assay.cli.display.feed import Feed, Shown
from assay.cli.display.narrate import MINOR, narrate
from assay.cli.display.panel import spent_words
from assay.cli.display.phases import worth_a_line
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
    """One dated line per event: for pipes, logs, CI and dumb terminals. A finished trial's says what is spent so far.

    Args:
        output: Where lines go.
        summary: What went before, for a resumed run.
    """

    def __init__(self, output: Output, summary: Summary | None = None) -> None:
        self._output = output
        self._feed = Feed(on_event=self._line, summary=summary)

    def on_event(self, event: Event) -> None:
        """Take one event."""
        self._feed.take(event)

    def _line(self, event: Event, summary: Summary) -> None:
        if event.payload.kind in MINOR and not worth_a_line(event.payload):
            return
        spent = spent_words(summary) if isinstance(event.payload, ev.TrialFinished) else ""
        self._output.say(f"{iso_utc(event.time)} {narrate(event, summary)}{f' · {spent} so far' if spent else ''}")


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
        trial = {"event": "trial", "run": summary.run, **row_json(shown.row), "spent": spent_json(summary)}
        self._output.emit("trial", trial)


def spent_json(summary: Summary) -> dict[str, Any]:
    """Return what a run has used so far, for programs; a cost that is not known is null, never 0."""
    usage = summary.usage
    return {
        "wall_s": round(summary.wall_s, 1),
        "requests": usage.requests,
        "tokens": usage.tokens,
        "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
        "unpriced_requests": usage.unpriced,
    }


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
