"""Commands on queues of tasks that agents wrote code for: `tasks run`, `tasks status`, `tasks approve`."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.cli.interrupts import interruptible
from assay.cli.logfile import keep_log
from assay.cli.lookup import find_run
from assay.cli.options.flags import read_choices, read_limits
from assay.cli.options.model_flags import require_model
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags, RunFlags, TasksFlags
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.cli.tracked import AUTO, NO, choose_store, mlflow_wish, tracking
from assay.core.cores import usable_cores
from assay.core.durations import duration
from assay.core.errors import NothingFound
from assay.core.exits import Exit
from assay.engine.observer import Observer
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.folders import run_folders
from assay.journal.history import History
from assay.report.formatting import format_count
from assay.strategies.known import TASKS
from assay.strategies.launch import RunEnd
from assay.strategies.options import RunOptions

_STYLES = {
    "completed": ("green",),
    "held": ("yellow",),
    "blocked": ("dim",),
    "pending": ("dim",),
    "downgraded": ("bold", "red"),
    "rejected": ("red",),
    "failed": ("red",),
}
_WIDTHS = (18, 8, 13, 11, 11, 10, 12)


def run(shell: Shell, runs: Path, file: Path, flags: TasksFlags, limit_flags: LimitFlags, run_flags: RunFlags) -> int:
    """Check everything, then work through the queue."""
    from assay.strategies.code_tasks.intake import read_queue
    from assay.strategies.code_tasks.launching import work_on
    from assay.strategies.code_tasks.options import DEFAULT_TIMEOUT_S, TaskOptions
    from assay.strategies.code_tasks.queue import in_order

    wish = mlflow_wish(flags.mlflow, off=flags.no_mlflow)
    problems = Problems()
    limits = read_limits(limit_flags, problems, now=shell.output.clock.now(), cores=usable_cores())
    choices = read_choices(run_flags, problems)
    timeout = problems.read("--task-timeout", flags.task_timeout, duration, DEFAULT_TIMEOUT_S)
    problems.raise_any("tasks run")
    require_model(choices)
    queue = read_queue(file)
    order = ", ".join(f"{task.id} ({task.priority})" for task in in_order(queue.tasks))
    shell.output.say(
        f" queue    {one_line(queue.meeting, 60)}: {format_count(len(queue.tasks), 'task')} in the order {order}"
    )
    options = TaskOptions(
        file=file,
        responses=flags.responses,
        checkpoint=not flags.no_checkpoint,
        retries=flags.retries,
        timeout_s=timeout,
        mlflow=_store_of_evidence(wish),
        only=tuple(dict.fromkeys(id.strip() for id in (flags.only or "").split(",") if id.strip())),
        allow=flags.allow,
        workers=limits.workers,
    )
    chosen = RunOptions(
        limits=limits,
        model=choices.model,
        base_url=choices.base_url,
        seed=choices.seed,
        name=choices.name,
        runs=runs,
        sandbox=choices.sandbox,
        python=choices.python,
    )
    store = choose_store(wish, runs)
    chosen = replace(chosen, mlflow=store.kept)
    return _see_through(shell, runs, lambda seen: work_on(options, chosen, seen), mlflow=store.uri)


def _store_of_evidence(wish: str) -> str:
    """Return where verified runs are brought to, as the strategy takes it; it looks itself whether there is MLflow."""
    return NO if not wish else "" if wish == AUTO else wish


def status(shell: Shell, runs: Path, name: str | None) -> int:
    """Show the state of every task."""
    folder = _folder(runs, name)
    show_tasks(shell, folder)
    return 0


def approve(shell: Shell, runs: Path, name: str | None, by: str | None) -> int:
    """Approve what waits at the checkpoint."""
    from assay.strategies.code_tasks.launching import approve as work
    from assay.strategies.description import read_description

    folder = _folder(runs, name)
    store = choose_store(read_description(folder)[1].mlflow, folder.parent)
    _see_through(shell, runs, lambda seen: work(folder, by or getpass.getuser(), seen), mlflow=store.uri)
    # What the tasks came to was the exit code of `tasks run`; it would be no news that one of them had failed.
    return Exit.DONE


def _folder(runs: Path, name: str | None) -> Path:
    """Return the run that is meant: the named one, or the latest that worked on a queue."""
    if name is not None:
        return find_run(runs, name)
    for folder in run_folders(runs):
        history = History(FileJournal(folder / "events.jsonl").read())
        if history.started is not None and history.started.strategy == TASKS:
            return folder
    raise NothingFound("E203", f"no run in {str(runs)!r} worked on a queue of tasks", fix="assay tasks run FILE")


def _see_through(shell: Shell, runs: Path, work: Callable[[Sequence[Observer]], RunEnd], *, mlflow: str = "") -> int:
    keep_log(shell)
    with (
        interruptible(shell, lambda: shell.output.complain("saving …  once more stops at once")),
        tracking(shell.output, mlflow) as tracker,
    ):
        end = work([_Teller(shell, runs), *([tracker] if tracker is not None else [])])
        if shell.signals:
            raise KeyboardInterrupt
        show_tasks(shell, end.folder, stopped_by=end.stopped_by)
    return end.exit_code


def show_tasks(shell: Shell, folder: Path, *, stopped_by: str = "") -> None:
    """Show the state of every task of the run in `folder`.

    Raises:
        NothingFound: It works on no queue (E203).
    """
    from assay.strategies.code_tasks.handoff_text import HEAD, rows
    from assay.strategies.code_tasks.handoff_values import decision_of, headline, results_value
    from assay.strategies.code_tasks.record import STAMP, read_queue_of

    history = History(FileJournal(folder / "events.jsonl").read())
    queue = read_queue_of(history)
    if queue is None or STAMP not in history.notes:
        raise NothingFound("E203", f"the run {folder.name!r} works on no queue of tasks", fix="assay tasks run FILE")
    output = shell.output
    if output.json:
        output.emit("tasks", {"folder": str(folder), "stopped_by": stopped_by, "results": results_value(history)})
        return
    output.say()
    output.say(_columns(HEAD))
    for row in rows(history):
        output.say(output.paint(_columns(row), *_STYLES.get(row[3], ())))
    output.say()
    output.say(headline(history))
    decision = decision_of(history)
    if decision is not None and queue.criteria:
        output.say(one_line(decision.reason, 400))
    output.say(f"files: {folder / 'handoff'}")
    if (history.finished.stopped_by if history.finished else "") == "checkpoint":
        output.say(f"the results wait for a person: assay tasks approve {folder.name}")


def _columns(cells: Sequence[str]) -> str:
    fixed = [one_line(cell, width).ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    return "  ".join([*fixed, one_line(cells[-1], 120)]).rstrip()


class _Teller:
    """Says a line when a task ends, and remembers which run is worked on."""

    def __init__(self, shell: Shell, runs: Path) -> None:
        self._shell = shell
        self._runs = runs

    def on_event(self, event: Event) -> None:
        payload: Any = event.payload
        if isinstance(payload, ev.RunStarted):
            self._shell.run_name, self._shell.run_folder = payload.run, self._runs / payload.run
        elif isinstance(payload, ev.Noted) and payload.key.startswith("tasks/") and payload.key.endswith("/end"):
            value = payload.value
            why = f": {one_line(str(value.get('reason', '')), 160)}" if value.get("reason") else ""
            self._shell.output.say(f" {value['task']} {value['status']}{why}")
        elif isinstance(payload, ev.AttemptStarted):
            self._shell.output.say(f" #{payload.trial} attempt {payload.attempt} runs")
        elif isinstance(payload, ev.Remarked):
            self._shell.output.say(f" {payload.code} {one_line(payload.text, 200)}")
