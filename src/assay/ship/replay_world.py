"""The world of a replay: the data and the machine, or the journal in the place of both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.core.errors import NothingFound
from assay.core.task import Task
from assay.data import Views
from assay.engine.log import EventLog
from assay.engine.parts import Parts
from assay.journal.history import History
from assay.sandbox import FakeResult, FakeSandbox
from assay.sandbox.gpus import GpuSlots
from assay.ship.recorded import LastingObjects, NoModel, RecordedGrading, RecordedViews
from assay.ship.replay_found import Difference
from assay.strategies.assemble import Shell, open_shell, parts_of
from assay.strategies.given import read_given
from assay.strategies.options import RunOptions
from assay.strategies.registry import open_strategy
from assay.strategies.sandboxes import executions_at_once


@dataclass(frozen=True, kw_only=True)
class World:
    """What a walk stands on."""

    shell: Shell
    options: RunOptions
    limits: Limits
    at_once: int
    """Executions side by side: a race is decided after that many folds."""
    parts: Callable[[EventLog], Parts]
    odd: list[Difference] = field(default_factory=list)
    """Filled while walking: what the record cannot answer as it was asked."""


def from_data(stack: ExitStack, folder: Path, scratch: Path, task: Task, options: RunOptions, limits: Limits) -> World:
    """Return the world of a run whose data are there.

    Args:
        stack: Closes what this opens.
        folder: The run's; read only, but for views that are gone.
        scratch: Whatever is written goes here.
        task: On its data.
        options: The run's, with nobody to be asked.
        limits: Those of the replay.

    Raises:
        AssayError: The sandbox, the data or the interpreter cannot be used.
    """
    shell = open_shell(stack, scratch, task, options)

    def parts(log: EventLog) -> Parts:
        return replace(
            parts_of(shell, log, options),
            folder=scratch,
            objects=LastingObjects(folder / "objects", scratch / "objects"),
            views=Views(task, folder / "views", folder / "private"),
            seed=options.seed,
            secrets=(folder / "private", folder / "events.jsonl", scratch / "private"),
        )

    at_once = executions_at_once(shell.sandbox, options.limits)
    return World(shell=shell, options=options, limits=limits, at_once=at_once, parts=parts)


def from_journal(
    folder: Path, scratch: Path, task: Task, options: RunOptions, limits: Limits, record: History
) -> World:
    """Return the world of a run as its journal tells it; nothing is opened. Arguments as of `from_data`.

    Raises:
        NothingFound: The journal is of a version that did not keep what questions are made from (E214).
        IntegrityError: What it kept is gone or changed (E403).
    """
    started = record.started
    if started is None or not started.given:
        raise NothingFound(
            "E214",
            f"the data of {folder.name!r} are not here, and its journal was written before it kept what replaces them",
            fix="bring the data back to where they were, then assay replay",
        )
    objects = LastingObjects(folder / "objects", scratch / "objects", absent=scratch / "absent")
    given, clock, odd = read_given(objects, started.given), SystemClock(), list[Difference]()
    (scratch / "private").mkdir(mode=0o700)
    shell = Shell(
        folder=scratch,
        task=task,
        profile=given.profile,
        machine=given.machine,
        sandbox=FakeSandbox(lambda *_: FakeResult(detail="nothing is run")),
        views=RecordedViews(task, scratch, record),
        grader=RecordedGrading(record, odd),
        model=NoModel(),
        strategy=open_strategy(options),
        clock=clock,
        gpus=GpuSlots(),
        versions=started.versions,
        begun=clock.monotonic(),
    )

    def parts(log: EventLog) -> Parts:
        return replace(parts_of(shell, log, options), objects=objects, seed=options.seed)

    at_once = 1 if started.sandbox in ("T2", "T3") else max(1, options.limits.workers)
    return World(shell=shell, options=options, limits=limits, at_once=at_once, parts=parts, odd=odd)
