"""Launch: everything that a run needs, put together from options; the one place where parts are chosen."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.core.collector import pass_over_what_is_there
from assay.core.errors import AssayError, IntegrityError, MachineError, NothingFound, UsageError
from assay.core.finish_plan import FinishPlan
from assay.core.prices import Prices
from assay.core.task import Task
from assay.core.usage import Usage
from assay.data import verify_data
from assay.engine.budget import spent
from assay.engine.log import EventLog
from assay.engine.observer import Follower, Observer
from assay.journal import events as ev
from assay.journal.checkpoint import HistoryFile
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, Lease
from assay.journal.objects import ObjectStore
from assay.models.endpoint import require_no_secret
from assay.models.prices import PriceTable, prices_of
from assay.sandbox import protect_engine, remove_tree
from assay.strategies.assemble import Shell, assemble, open_shell
from assay.strategies.data_checks import examined
from assay.strategies.data_location import told_to_people
from assay.strategies.description import read_description, task_digest, write_description
from assay.strategies.given import Given
from assay.strategies.names import new_name
from assay.strategies.options import RunOptions

OTHER_PRICES = "W410"
NO_ANSWERS = "E3"
"""How the codes begin by which a provider ends a search: no key, refused, not reachable."""


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    folder: Path
    exit_code: int
    stopped_by: str


def launch(
    task: Task, options: RunOptions, observers: Sequence[Observer] = (), *, table: PriceTable | None = None
) -> RunEnd:
    """Start a new run and work on it until it ends.

    Args:
        task: What to work on.
        options: What a person chose.
        observers: Told of every event.
        table: What models cost; the packaged table if None.

    Raises:
        AssayError: Nothing could be started, and no run folder is left behind; or the run cannot go on, and everything
            that was run or paid for is kept.
        KeyboardInterrupt: It was stopped; `resume` continues.
    """
    require_no_secret(options.base_url)
    protect_engine()
    folder = _new_folder(options)
    log: EventLog | None = None
    try:
        with contextlib.ExitStack() as stack:
            stack.callback(Lease(folder / LEASE_FILE).release)
            prices = prices_of(options.model, base_url=options.base_url, table=table, at=SystemClock().now())
            shell = open_shell(stack, folder, task, options, prices=prices)
            write_description(folder, task, options, prices)
            log = EventLog(FileJournal(folder / "events.jsonl"), shell.clock, observers)
            _follow(stack, observers, folder, log)
            log.add(_started(folder, shell, options, prices))
            if options.finish_up_s is not None and options.limits.wall_s is not None:
                deadline = shell.clock.now() + options.limits.wall_s
                at = deadline - min(options.limits.wall_s, options.finish_up_s)
                log.add(ev.FinishPlanned(plan=FinishPlan(at=at, deadline=deadline)))
            for text in options.told:
                log.add(ev.Told(text=text))
            _examine(stack, task, log)
            return _work(folder, shell, log, options)
    except AssayError:
        # A run that failed before anything was run or paid for would only stand in the way of the next.
        if log is not None and not log.read(_worth_keeping):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if not (folder / "events.jsonl").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _examine(stack: contextlib.ExitStack, task: Task, log: EventLog) -> None:
    if task.graded:
        stack.enter_context(examined(task, log))


def _follow(stack: contextlib.ExitStack, observers: Sequence[Observer], folder: Path, log: EventLog) -> None:
    for observer in observers:
        if isinstance(observer, Follower):
            stack.enter_context(observer.following(folder, log.remark_once))


def _worth_keeping(history: History) -> bool:
    ran = any(measurement.execution is not None for measurement in history.all_measurements())
    return ran or history.usage != Usage()


def resume(
    folder: Path,
    *,
    limits: Limits | None = None,
    observers: Sequence[Observer] = (),
    table: PriceTable | None = None,
) -> RunEnd:
    """Take up the run in `folder` where it was left.

    Args:
        folder: The run's folder.
        limits: New limits; None keeps those in force.
        observers: Told of every event from now on.
        table: What models cost now; the packaged table if None. The run goes on with the prices it was started with.

    Raises:
        AssayError: The run cannot be taken up (held by another process, changed data, broken journal).
        KeyboardInterrupt: It was stopped again.
    """
    protect_engine()
    folder = folder.absolute()  # as at the start: whoever attends to an experiment works elsewhere
    task, options = read_description(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(Lease(folder / LEASE_FILE).release)
        clock = SystemClock()
        log = EventLog(FileJournal(folder / "events.jsonl"), clock, observers, history=HistoryFile(folder).read())
        pass_over_what_is_there()
        started = log.read(lambda history: history.started)
        if started is None:
            raise NothingFound("E201", f"the run {folder.name!r} never started", fix="assay run")
        finished = log.read(lambda history: history.finished)
        # A search that ended for want of answers goes on: whoever answers may be back.
        if finished is not None and limits is None and not finished.stopped_by.startswith(NO_ANSWERS):
            return RunEnd(folder=folder, exit_code=finished.exit_code, stopped_by=finished.stopped_by)
        options = replace(options, limits=limits or started.limits)
        if task_digest(task) != started.task_digest:
            raise IntegrityError(
                "E405",
                f"the task in {str(folder / 'run.json')!r} is not the one that the run was started on",
                kept="every finished trial",
                fix="restore the file, or start a new run",
            )
        if task.graded:
            verify_data(task)
        _clear(folder)
        now = prices_of(options.model, base_url=options.base_url, table=table, at=clock.now())
        prices = in_force(started.prices, now)
        shell = open_shell(stack, folder, task, options, prices=prices, spent=log.read(spent))
        _follow(stack, observers, folder, log)
        news = prices if prices != started.prices else None
        log.add(ev.RunResumed(limits=limits, prices=news, sandbox=shell.sandbox.tier, pid=os.getpid()))
        _tell_of_prices(log, prices, now)
        _examine(stack, task, log)
        return _work(folder, shell, log, options)


def in_force(frozen: Prices | None, now: Prices | None) -> Prices | None:
    """Return the prices that a resumed run charges by: those of its start, unless they were unknown.

    Args:
        frozen: Those in the journal; None in journals of before they were kept, and where nobody is paid.
        now: Those of today.
    """
    return now if frozen is None or (not frozen.known and now is not None and now.known) else frozen


def _tell_of_prices(log: EventLog, frozen: Prices | None, now: Prices | None) -> None:
    """Remark, once for each change, that today's prices are others than those that the run charges by."""
    if frozen is None or now is None or not now.known or frozen.equals(now):
        return
    text = (
        f"{now.table} says {now.words()} now; the run goes on with the prices of its start: {frozen.words()} "
        f"({frozen.table}, read on {frozen.read})"
    )
    log.remark_once(OTHER_PRICES, text)


def _clear(folder: Path) -> None:
    """Remove the workspaces that a killed engine left; whoever holds the lease is alone here."""
    private = folder / "private"
    for place in (folder / "work", private / "taken", *private.glob("grader-*"), *private.glob("tmp*")):
        with contextlib.suppress(OSError):  # what cannot be removed costs space and nothing else
            remove_tree(place)


def _work(folder: Path, shell: Shell, log: EventLog, options: RunOptions) -> RunEnd:
    end = assemble(shell, log, options).work()
    return RunEnd(folder=folder, exit_code=end.exit_code, stopped_by=end.stopped_by)


def _new_folder(options: RunOptions) -> Path:
    """Make and return the run's own folder."""
    name = options.name or new_name(options.runs, Random(os.urandom(8)))
    if not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(
            "E022", f"{name!r} is no name for a run: letters, digits, - and _ only", fix="--name calm-otter"
        )
    folder = options.runs.absolute() / name
    try:
        folder.mkdir(parents=True, exist_ok=False)
    except FileExistsError:
        raise UsageError("E023", f"there is a run named {name!r} already", fix=f"assay resume {name}") from None
    except OSError as error:
        raise MachineError(
            "E503", f"the folder {str(folder)!r} cannot be made: {error}", fix="--runs FOLDER"
        ) from error
    return folder


def _started(folder: Path, shell: Shell, options: RunOptions, prices: Prices | None) -> ev.RunStarted:
    return ev.RunStarted(
        run=folder.name,
        task=replace(shell.task, folder=told_to_people(shell.task.folder, folder)),
        task_digest=task_digest(shell.task),
        strategy=options.strategy,
        model=shell.model.name,
        seed=options.seed,
        limits=options.limits,
        sandbox=shell.sandbox.tier,
        sandbox_description=shell.sandbox.description,
        versions=shell.versions,
        arguments=options.arguments,
        prices=prices,
        pid=os.getpid(),
        given=Given(profile=shell.profile, machine=shell.machine).keep(ObjectStore(folder / "objects")),
    )
