"""Launching: a queue's run is started, or taken up where it was left; and its checkpoint approved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from assay.core.clock import SystemClock
from assay.core.codec import encode
from assay.core.digest import digest_json
from assay.core.errors import NothingFound, UsageError
from assay.core.task import Task, ungraded_task
from assay.engine.log import EventLog
from assay.engine.observer import Observer
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, Lease
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.earlier import latest_of
from assay.strategies.code_tasks.intake import read_queue
from assay.strategies.code_tasks.options import TaskOptions
from assay.strategies.code_tasks.packages import allowed
from assay.strategies.code_tasks.queue import Queue
from assay.strategies.code_tasks.responses import read_responses
from assay.strategies.code_tasks.strategy import CHECKPOINT, OFF, store_place
from assay.strategies.known import TASKS
from assay.strategies.launch import RunEnd, launch, resume
from assay.strategies.options import RunOptions


def work_on(options: TaskOptions, run: RunOptions, observers: Sequence[Observer] = ()) -> RunEnd:
    """Work on a queue: in a new run, or in its own that was left.

    Args:
        options: The queue and how it is worked on.
        run: What a person chose for the run; its strategy and arguments are set here. Without a name it gets that of
            the queue.
        observers: Told of every event.

    Raises:
        AssayError: The queue, the responses or the experiment store cannot be used, or the run cannot go on.
        KeyboardInterrupt: It was stopped; calling this again goes on.
    """
    if options.mlflow != OFF:
        store_place(options.mlflow, run.runs)  # before the address is written anywhere: it may hold a password
    allowed(options.allow)
    queue = read_queue(options.file)
    responses = encode(read_responses(options.responses, queue)) if options.responses else None
    if options.only:
        options, name = _again(options, queue, run)
        return launch(_task(queue, options.file), replace(run, **_strategy(options), name=name), observers)
    run = replace(run, **_strategy(options), name=run.name or run_name(queue))
    folder = run.runs / str(run.name)
    if not (folder / "events.jsonl").exists():
        return launch(_task(queue, options.file), run, observers)
    history = History(FileJournal(folder / "events.jsonl").read())
    _require_same(history, folder, encode(queue), None if responses is None else digest_json(responses))
    if not options.checkpoint and record.APPROVED not in history.notes:
        _note_approval(folder, "nobody: the checkpoint was switched off")
    return resume(folder, limits=run.limits, observers=observers)


def _strategy(options: TaskOptions) -> dict[str, Any]:
    return {"strategy": TASKS, "arguments": options.arguments()}


def _again(options: TaskOptions, queue: Queue, run: RunOptions) -> tuple[TaskOptions, str]:
    """Return where results of the other tasks come from, and the name of the new run.

    Raises:
        UsageError: A task is not in the queue (E166).
        NothingFound: No run has worked on this queue (E203).
    """
    unknown = [id for id in options.only if id not in [task.id for task in queue.tasks]]
    if unknown:
        known = ", ".join(task.id for task in queue.tasks)
        raise UsageError(
            "E166", f"there is no task {', '.join(unknown)} in the queue; there are {known}", fix="--only ID"
        )
    source = latest_of(run.runs, queue)
    if source is None:
        raise NothingFound(
            "E203",
            f"no run in {str(run.runs)!r} that is over has worked on this very queue",
            fix=f"assay tasks run {options.file}",
        )
    base = run_name(queue)[:60]
    free = (f"{base}-{number}" for number in count(2) if not (run.runs / f"{base}-{number}").exists())
    return replace(options, source=source.name), run.name or next(free)


def approve(folder: Path, by: str, observers: Sequence[Observer] = ()) -> RunEnd:
    """Approve the results that wait at the checkpoint of a run, so that the next cycle is triggered.

    Args:
        folder: The run's folder.
        by: Who approves.
        observers: Told of every event.

    Raises:
        NothingFound: The run does not wait for approval (E164).
    """
    history = History(FileJournal(folder / "events.jsonl").read())
    if history.finished is None or history.finished.stopped_by != CHECKPOINT:
        raise NothingFound("E164", f"the run {folder.name!r} does not wait for approval", fix="assay tasks status")
    _note_approval(folder, by)
    return resume(folder, limits=history.limits, observers=observers)


def run_name(queue: Queue) -> str:
    """Return the name that a queue's run gets by default."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", queue.meeting).strip("-")[:64] or "tasks"


def _task(queue: Queue, file: Path) -> Task:
    statement = f"{len(queue.tasks)} tasks. {queue.context}".strip()
    return ungraded_task(queue.meeting, file.absolute().parent, statement)


def _require_same(history: History, folder: Path, queue: object, responses: str | None) -> None:
    """Refuse to take up a run with another queue, other criteria or other responses than it was started with."""
    registered = history.notes.get(record.QUEUE)
    changed = []
    if history.started is None or history.started.strategy != TASKS:
        changed.append("it is a run of another kind")
    if registered is not None and registered != queue:
        changed.append("the queue has changed")
    if registered is not None and history.notes.get(record.RESPONSES) != responses:
        changed.append("the responses have changed")
    if changed:
        raise UsageError(
            "E163",
            f"there is a run named {folder.name!r} already, and {' and '.join(changed)}",
            kept="that run",
            fix="--name OTHER",
        )


def _note_approval(folder: Path, by: str) -> None:
    with ExitStack() as stack:
        stack.callback(Lease(folder / LEASE_FILE).release)
        log = EventLog(FileJournal(folder / "events.jsonl"), SystemClock())
        log.add(ev.Noted(key=record.APPROVED, value={"by": by}))
