"""Replay: the search walked again over what the journal recorded, to see whether the same decisions come out.

What was bought or waited for is taken from the record: answers of models, notes, and executions with the predictions
that they left. Everything that the engine decides from it is decided again: which questions are asked, which candidates
come of the answers, every score (from the stored predictions and the hidden labels), repairs, races, verdicts, noise,
the blend, the winner. Nothing is asked of a model, and nothing is paid.

Where the data are not there, the grades are taken from the record, too, and everything else is decided again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.core.budget import Limits
from assay.core.errors import AssayError, IntegrityError, NothingFound
from assay.core.task import Task
from assay.data import verify_data
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.endings import Ending
from assay.engine.evaluate import Evaluator
from assay.engine.finish import Finish
from assay.engine.judging import Judge
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.session import CONFIRMED
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import EVERYTHING, FINISH, History
from assay.journal.memory import MemoryJournal
from assay.operators.repair import TieredRepairer
from assay.sandbox import remove_tree
from assay.ship.kept import kept_objects, read_chain
from assay.ship.recorded import (
    NoModel,
    RecordedAttempts,
    RecordedDelivery,
    RecordedJudge,
    RecordedMeasurer,
    RecordedRemarks,
)
from assay.ship.replay_compare import compare, compare_report
from assay.ship.replay_found import Difference, Replay
from assay.ship.replay_session import ReplaySession
from assay.ship.replay_world import World, from_data, from_journal
from assay.strategies.description import read_description, task_digest
from assay.strategies.options import RunOptions
from assay.strategies.sandboxes import sandbox_limits

__all__ = ["Difference", "Replay", "replay"]

NOT_REPLAYED = "E214"
_RECORDED = (ev.RunStarted, ev.Asked, ev.Answered, ev.Noted, ev.TrialCreated, ev.Told)
_RAN = (ev.AttemptStarted, ev.Executed)
_ENOUGH_S = 1e7
"""Seconds that a replay has left under any limit."""


def replay(folder: Path, *, execute: bool = False, journal: bool = False) -> Replay:
    """Walk the search of a run again and return what came out.

    Args:
        folder: The run's; nothing in it is changed, but for views that are built again where they are gone.
        execute: Whether candidates are run again instead of being taken from the record. The data must be there.
        journal: Whether the grades are taken from the journal though the data are there; where they are not, they are
            taken from it in any case.

    Raises:
        IntegrityError: The journal's chain is broken (E401), the data have changed (E405), or what was stored and is
            needed is gone or changed (E403).
        NothingFound: The run never started, or is of a kind that cannot be replayed (E214).
        AssayError: The data or the interpreter cannot be used.
    """
    events, chain = read_chain(folder / "events.jsonl")
    if chain.broken:
        raise IntegrityError("E401", chain.broken, kept=f"{chain.events} events before it", fix="assay audit")
    record = History(events)
    if record.started is None or not record.task.graded:
        raise NothingFound(
            NOT_REPLAYED, f"the run {folder.name!r} has no graded search that could be replayed", fix="assay audit"
        )
    task, options = read_description(folder)
    if task_digest(task) != record.started.task_digest:
        raise IntegrityError(
            "E405",
            f"the task in {str(folder / 'run.json')!r} is not the one that the run was started on",
            kept="the journal",
            fix="restore the file",
        )
    alone = journal or not (execute or _is_there(task))
    if not alone:
        verify_data(task)
    kept = kept_objects(events, folder / "objects")
    done = Replay(run=record.started.run, executed=execute, alone=alone, events=chain.events, objects=kept)
    scratch = Path(tempfile.mkdtemp(prefix="assay-replay-"))
    try:
        with ExitStack() as stack:
            opened = _opened(stack, folder, scratch, task, options, record, alone=alone)
            _walk(opened, scratch, events, record, done)
        done.differences += compare_report(folder, scratch / "report", record, done)
    finally:
        with suppress(OSError):
            remove_tree(scratch)
    return done


def _is_there(task: Task) -> bool:
    return task.folder.is_dir() and (task.folder / task.data.train).exists()


def _opened(
    stack: ExitStack, folder: Path, scratch: Path, task: Task, options: RunOptions, record: History, *, alone: bool
) -> World:
    """Return what the walk stands on: the data, or the journal in their place."""
    # No limit ends a replay: where the record ends, it ends. The workers stay: prompts tell what each of them has.
    limits = Limits(workers=options.limits.workers, trial_timeout_s=options.limits.trial_timeout_s)
    keyless = replace(options, model="playbook", role_models={}, base_url=None, warm=False)
    if alone:
        return from_journal(folder, scratch, task, keyless, limits, record)
    return from_data(stack, folder, scratch, task, keyless, limits)


def _walk(world: World, scratch: Path, events: Sequence[Event], record: History, done: Replay) -> None:
    shell, limits = world.shell, world.limits
    kept = (*(() if done.executed else _RAN), *((ev.Graded,) if done.alone else ()))
    log = EventLog(MemoryJournal(_kept(events, kept)), shell.clock)
    parts = replace(world.parts(log), model=NoModel())
    budget = Budget(limits, log, shell.clock)
    # What a strategy left out for want of time is in its notes, which it looks up only under a limit.
    timed = replace(limits, wall_s=record.limits.wall_s)
    plenty = Budget(timed, log, shell.clock, begun=shell.clock.monotonic() + record.wall_s + _ENOUGH_S)
    services = _services(world, parts, budget, record, done)
    judge, delivery, evaluator, repairer = services.judge, services.delivery, services.evaluator, services.repairer
    session = ReplaySession(parts, evaluator, plenty, record, done)
    repairer.attach(session)
    with suppress(Ending):
        shell.strategy.run(session)
    session.close()
    _finish(parts, Finish(parts, services.measurer, judge, budget, delivery), record)
    done.differences += world.odd
    compare(record, log.pinned(EVERYTHING), done)


@dataclass(frozen=True)
class _Services:
    measurer: Measurer
    judge: Judge
    delivery: Delivery
    evaluator: Evaluator
    repairer: TieredRepairer = field(default_factory=TieredRepairer)


def _services(world: World, parts: Parts, budget: Budget, record: History, done: Replay) -> _Services:
    """Return the engine's services: its own where candidates run again, else those that keep to the record."""
    at_once = world.at_once
    limits, repairer, rounds = sandbox_limits(world.shell.machine), TieredRepairer(), world.options.fix_rounds
    if done.executed:
        measurer = Measurer(parts, limits, at_once=at_once)
        judge = Judge(parts, measurer, budget, reseeds=world.options.reseeds)
        delivery = Delivery(parts, measurer, budget)
        evaluator = Evaluator(parts, measurer, judge, budget, repairer, delivery=delivery, max_repairs=rounds)
        return _Services(measurer, judge, delivery, evaluator, repairer)
    measurer = RecordedMeasurer(parts, limits, at_once=at_once)
    judge = RecordedJudge(parts, measurer, budget, record)
    delivery = RecordedDelivery(parts, measurer, budget) if done.alone else Delivery(parts, measurer, budget)
    evaluator = Evaluator(
        parts,
        measurer,
        judge,
        budget,
        repairer,
        delivery=delivery,
        max_repairs=rounds,
        attempts=RecordedAttempts(parts, measurer, judge, budget, record),
        remarks=RecordedRemarks(parts, measurer, record) if done.alone else None,
    )
    return _Services(measurer, judge, delivery, evaluator, repairer)


def _kept(events: Sequence[Event], ran: tuple[type[ev.Payload], ...]) -> list[Event]:
    """Return the recorded facts that the walk rests on, chained anew; what was decided from them is left out.

    Args:
        events: All that were recorded.
        ran: Kinds of those that tell what executions came to, as far as they are taken from the record.
    """
    kept: list[Event] = []
    for event in events:
        payload = event.payload
        if not isinstance(payload, (*_RECORDED, *ran)):
            continue
        if isinstance(payload, ev.TrialCreated) and payload.key.startswith(FINISH):
            continue  # made by the finish, which is walked again
        if isinstance(payload, ev.Noted) and (payload.key.startswith(FINISH) or payload.key.endswith(CONFIRMED)):
            continue  # decided again
        kept.append(event)
    known = {e.payload.trial for e in kept if isinstance(e.payload, ev.TrialCreated)}
    # A blend is mixed, not run; what else the finish's trials ran would have no trial to belong to.
    return _chained([e for e in kept if not isinstance(e.payload, (*_RAN, ev.Graded)) or e.payload.trial in known])


def _chained(events: Sequence[Event]) -> list[Event]:
    found: list[Event] = []
    for event in events:
        found.append(Event.after(found[-1] if found else None, time=event.time, payload=event.payload))
    return found


def _finish(parts: Parts, finish: Finish, record: History) -> None:
    """Blend, choose, fit and open the seal again, as far as the record tells what came of it."""
    if record.finished is None:
        return
    try:
        winner = finish.work(record.finished.stopped_by)
    except (Ending, AssayError):
        return  # what differs because of it is told by the comparison
    parts.log.add(
        ev.RunFinished(stopped_by=record.finished.stopped_by, exit_code=record.finished.exit_code, winner=winner)
    )
