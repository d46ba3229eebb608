"""The strategy `code_tasks`: every task of a queue in order, the decision, the hand-off, and the manual checkpoint."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from assay.core.budget import Limits
from assay.core.codec import decode, encode
from assay.core.errors import AssayError, MachineError, UsageError
from assay.engine.endings import Ending
from assay.engine.session import Session
from assay.engine.step import Step
from assay.engine.ungraded import JOBS
from assay.journal.history import History
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.decision import Decision, decide
from assay.strategies.code_tasks.earlier import EarlierRun, as_note, decided_before, left_out, of_note
from assay.strategies.code_tasks.evidence import EvidenceDesk, required, steps_of
from assay.strategies.code_tasks.handoff import stamp, write_progress, write_results, write_trigger
from assay.strategies.code_tasks.intake import read_queue
from assay.strategies.code_tasks.memory import Memory
from assay.strategies.code_tasks.options import TaskOptions
from assay.strategies.code_tasks.packages import Packages
from assay.strategies.code_tasks.queue import CodeTask, Queue, in_order, in_waves
from assay.strategies.code_tasks.responses import Responses, read_responses
from assay.strategies.code_tasks.status import Status
from assay.strategies.code_tasks.work import Bench, TaskWork
from assay.tracking import Place, Store, StoreLost, make_template, resolve_place
from assay.tracking.store import START_S

CHECKPOINT = "checkpoint"
"""Why a run ends that waits for a person."""
NO_STORE, NO_MLFLOW, LEFT, BEFORE = "W432", "W433", "W434", "W435"
SERVER_START_S, STORE_WRITE_S = 60.0, 30.0
"""Most seconds until an experiment store elsewhere is open, and until one takes a run: a queue ends in any case."""
OFF = "off"

_logger = logging.getLogger(__name__)


class CodeTasks:
    """Works through a queue. The queue, the responses and the criteria are noted before anything runs.

    Args:
        options: What a person chose.
    """

    def __init__(self, options: TaskOptions) -> None:
        self._options = options

    def run(self, session: Session) -> None:
        """Work until every task has its final status, then decide and hand off.

        Raises:
            Ending: A limit is reached, somebody asked to stop, or the results wait for a person.
        """
        queue = decode(Queue, session.note(record.QUEUE, lambda: encode(read_queue(self._options.file))))
        responses = self._responses(session, queue)
        tasks = self._chosen(session, queue)
        session.note(JOBS, lambda: len(tasks))
        session.note(record.STAMP, lambda: stamp(session.parts.clock.now()))
        runs = session.parts.folder.parent
        for told in session.note(record.BEFORE, lambda: decided_before(runs, queue, session.parts.folder)):
            session.parts.log.remark_once(BEFORE, f"{told}: a decision here is weaker than it looks")
        for remark in queue.remarks:
            session.parts.log.remark_once("W430", remark)
        desk = EvidenceDesk(session.parts, self._template(session, queue))
        bench = Bench(
            session=session,
            queue=queue,
            responses=responses,
            options=self._options,
            desk=desk,
            memory=Memory(session),
            packages=Packages(session, self._options.allow),
        )
        waves = self._waves(queue, tasks)
        order = [task for wave in waves for task in wave]
        log, folder = session.parts.log, session.parts.folder

        def work(step: Step) -> str:
            task = order[step.number]
            done = log.read(record.ends_of)
            end = TaskWork(bench, task, step.number, done).run()
            session.note(record.end_key(task.id), lambda: record.as_note(end))
            log.read(lambda history: write_progress(folder, history))
            return f"{task.id}: {end.status}"

        try:
            start = 0
            for wave in waves:
                stop = start + len(wave)
                session.steps(work, start=start, stop=stop, lanes=min(self._options.workers, len(wave)))
                start = stop
        except Ending:
            log.read(
                lambda history: write_results(folder, history)
            )  # what is done by now; a resumed run writes them again
            raise
        self._store(bench)
        session.note(record.DECISION, lambda: encode(self._decide(bench)))
        log.read(lambda history: write_results(folder, history))
        if self._options.checkpoint and not log.read(lambda history: record.APPROVED in history.notes):
            raise Ending(CHECKPOINT)
        log.read(lambda history: write_trigger(folder, history, by=self._approver(history)))

    def forecast(self, limits: Limits, history: History | None = None) -> Mapping[str, tuple[int, int]] | None:
        """Return how many questions are likely: none that bounds them is known before the queue is read."""
        try:
            tasks = len(self._options.only) or len(read_queue(self._options.file).tasks)
        except AssayError:
            return None
        written = self._options.responses is not None
        most = self._options.retries * 3
        return {
            "task_write": (0, 0) if written else (tasks, tasks),
            "task_review": (2 * tasks, (2 + 2 * most) * tasks),
            "task_patch": (0, most * tasks),
        }

    # --- parts of the run ----------------------------------------------------------------------------------------

    def _responses(self, session: Session, queue: Queue) -> Responses:
        path, objects = self._options.responses, session.parts.objects
        if path is None:
            return Responses()
        digest = session.note(record.RESPONSES, lambda: objects.put_json(encode(read_responses(path, queue))))
        return decode(Responses, json.loads(objects.get(digest)))

    def _chosen(self, session: Session, queue: Queue) -> tuple[CodeTask, ...]:
        """Return the tasks that this run does; results of the others are taken of another run where they hold."""
        again, log = self._options.only, session.parts.log
        if not again:
            return queue.tasks
        others = [task.id for task in queue.tasks if task.id not in again]
        noted = log.read(lambda history: dict(history.notes))
        if any(record.taken_key(id) not in noted for id in others):
            earlier = EarlierRun(session.parts.folder.parent / self._options.source)
            found = left_out(queue, again, lambda task: earlier.take(task, session.parts.objects.put))
            for id, one in found.items():
                session.note(record.taken_key(id), partial(as_note, one))
        noted = log.read(lambda history: dict(history.notes))
        for id in others:
            result = of_note(noted[record.taken_key(id)])
            if isinstance(result, str):
                told = f"{id} is not done in this run and not taken from {self._options.source}"
                log.remark_once(LEFT, f"{told}: {result}")
            else:
                end = replace(result.end, trial=None, taken=result.run)
                session.note(record.end_key(id), partial(record.as_note, end))
        return tuple(task for task in queue.tasks if task.id in again)

    def _waves(self, queue: Queue, tasks: Sequence[CodeTask]) -> tuple[tuple[CodeTask, ...], ...]:
        """Return the tasks in the order in which they are done; those of one group may be side by side."""
        order = tuple(task for task in in_order(queue.tasks) if task in tasks)
        if self._options.workers <= 1:
            return (order,)
        return in_waves(order, known={task.id for task in queue.tasks} - {task.id for task in tasks})

    def _template(self, session: Session, queue: Queue) -> Path | None:
        """Return an empty experiment store, if a task needs one and it can be made."""
        if not any(required(task.kind, task.expected).run for task in queue.tasks):
            return None
        try:
            return make_template(session.parts.folder / "private")
        except MachineError as error:
            session.parts.log.remark_once(NO_MLFLOW, f"no experiment can be verified: {error.message}")
            return None

    def _store(self, bench: Bench) -> None:
        """Bring every verified run to the experiment store. That it is down stops nothing and loses nothing."""
        session, wish = bench.session, self._options.mlflow
        ends = session.parts.log.read(record.ends_of)
        done = [task for task in bench.queue.tasks if task.id in ends and ends[task.id].status is Status.COMPLETED]
        noted = session.parts.log.read(lambda history: dict(history.notes))
        missing = [task for task in done if record.stored_key(task.id) not in noted and not ends[task.id].taken]
        if wish == OFF or not missing:
            return
        try:
            place = store_place(wish, session.parts.folder.parent)
            start_s = SERVER_START_S if place.database is None else START_S
            with Store(place, start_s=start_s, write_s=STORE_WRITE_S) as store:
                for task in missing:
                    trial = session.jobs.trial(ends[task.id].trial or 0)
                    if trial.evidence is None:
                        continue
                    candidate = session.parts.objects.candidate(trial.candidate)
                    kept = bench.desk.record(task, trial.evidence, candidate, bench.queue.meeting)
                    run = store.write([kept]).get(kept.key)
                    if run is None:
                        told = f"the experiment store does not take the run of {task.id}, for a name in it"
                        session.parts.log.remark_once(NO_STORE, f"{told}; the evidence is kept")
                        continue
                    session.note(record.stored_key(task.id), partial(_stored, run, place.uri))
        except (StoreLost, MachineError, UsageError, OSError) as error:
            _logger.warning("the experiment store was not written", exc_info=True)
            session.parts.log.remark_once(
                NO_STORE,
                f"the experiment store was not written ({error}); the evidence is kept, and assay tasks run with the"
                " same file tries again",
            )

    def _decide(self, bench: Bench) -> Decision:
        """Return the decision, from the values of tasks that are completed."""
        session, queue = bench.session, bench.queue
        ends = session.parts.log.read(record.ends_of)
        values: dict[tuple[str, str], tuple[float, ...]] = {}
        steps: dict[tuple[str, str], tuple[int, ...]] = {}
        for id, end in ends.items():
            evidence = session.parts.log.read(partial(record.evidence_of, end=end))
            if end.status is Status.COMPLETED and evidence is not None:
                values.update({(id, name): tuple(some) for name, some in evidence.numbers.items()})
                metrics = bench.desk.evidence(evidence).metrics
                steps.update({(id, name): steps_of(metrics[name]) for name in evidence.numbers})
        return decide(queue.criteria, values, alpha=queue.alpha, steps=steps)

    def _approver(self, history: History) -> str:
        noted = history.notes.get(record.APPROVED)
        return str(noted["by"]) if noted else "nobody: the checkpoint was switched off"


def store_place(wish: str, runs: Path) -> Place:
    """Return the experiment store that is meant. What nobody asked for leaves this machine nowhere.

    Raises:
        UsageError: E061, E070.
    """
    return resolve_place(wish, runs) if wish else resolve_place("", runs, {})


def _stored(run: str, uri: str) -> dict[str, str]:
    return {"run": run, "store": uri}
