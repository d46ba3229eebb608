"""Seeing a run through: what shows and follows it while it works, and what is said at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.commands.reports import try_reports
from assay.cli.display.views import JsonView, PlainView, QuietView, View
from assay.cli.ending import done_json, exit_code, summary_lines
from assay.cli.interrupts import interruptible
from assay.cli.logfile import keep_log
from assay.cli.shell import Shell
from assay.cli.tracked import tracking
from assay.engine.observer import Observer
from assay.journal import events as ev
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import Event
from assay.journal.summary import Summary, SummaryFile
from assay.report.lineage import Way, way_to, winner_of
from assay.strategies.known import TASKS
from assay.strategies.launch import RunEnd

if TYPE_CHECKING:
    from assay.cli.notify.channels import Channel

Work = Callable[[Sequence[Observer]], RunEnd]


def see_through(shell: Shell, runs: Path, view: View, work: Work, *, require_gain: bool, mlflow: str = "") -> int:
    """Do `work` under `view`, write the reports, say how it ended; return the exit code.

    Args:
        shell: What the command was called with.
        runs: The folder of runs.
        view: Shows what happens.
        work: Does it.
        require_gain: Whether a solution counts only with a real gain.
        mlflow: Address of the experiment store to track in; empty for none.

    Raises:
        AssayError: Nothing could be started, or the run cannot go on.
        KeyboardInterrupt: Somebody asked for an end; everything is saved.
    """
    keep_log(shell)

    def first_signal() -> None:
        view.stopping()
        if not shell.output.abilities.terminal:
            shell.output.complain("saving …  once more stops at once")

    with interruptible(shell, first_signal), tracking(shell.output, mlflow) as tracker:
        with view:
            tracked = [tracker] if tracker is not None else []
            end = work([_Tracker(shell, runs), view, *tracked, *_notifiers(shell)])
        if shell.signals:
            raise KeyboardInterrupt
        if SummaryFile(end.folder).read().strategy == TASKS:
            return _show_tasks(shell, end)
        try_reports(shell, end.folder)
        if tracker is not None:
            tracker.deliver(end.folder)
        summary, way = SummaryFile(end.folder).read(), _way(end.folder)
        code = exit_code(summary, end.exit_code, way=way, require_gain=require_gain)
        shell.output.say()
        for line in summary_lines(shell.output, summary, end.folder, way):
            shell.output.say(line)
        if shell.output.json:
            shell.output.emit("done", done_json(summary, end.folder, code, way))
        return code


def channel_of(wish: str | None) -> Channel | None:
    """Return where notices of a run go; None for nowhere.

    Raises:
        UsageError: E077, it is of no known form.
    """
    if wish is None:
        return None
    from assay.cli.notify.channels import open_channel

    return open_channel(wish)


def _notifiers(shell: Shell) -> Iterator[Observer]:
    if shell.channel is not None:
        from assay.cli.notify.notifier import Notifier

        yield Notifier(shell.channel)


def _show_tasks(shell: Shell, end: RunEnd) -> int:
    """Show how a queue of tasks ended: nothing in it has a score."""
    from assay.cli.commands.tasks import show_tasks

    show_tasks(shell, end.folder, stopped_by=end.stopped_by)
    return end.exit_code


def _way(folder: Path) -> Way | None:
    history = HistoryFile(folder).read()
    return way_to(history, winner_of(history))


class _Tracker:
    """Remembers which run is worked on, for interruptions and crashes."""

    def __init__(self, shell: Shell, runs: Path) -> None:
        self._shell = shell
        self._runs = runs

    def on_event(self, event: Event) -> None:
        if isinstance(event.payload, ev.RunStarted):
            self._shell.run_name = event.payload.run
            self._shell.run_folder = self._runs / event.payload.run


def choose_view(
    shell: Shell,
    display: str,
    runs: Path,
    summary: Summary | None = None,
    *,
    forecast: Mapping[str, Any] | None = None,
) -> View:
    """Return the display that fits: JSON lines under `--json`, live on a terminal, else dated lines."""
    if shell.output.json:
        return JsonView(shell.output, runs, summary, forecast=forecast)
    if display == "none":
        return QuietView()
    if display == "live" or (display == "auto" and shell.output.abilities.terminal):
        from assay.cli.display.live import LiveView

        return LiveView(shell.output, runs, summary)
    return PlainView(shell.output, summary)
