"""Measure: one candidate on one view, run and graded, never twice for the same code, view and seed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from assay.core.candidate import Candidate
from assay.core.errors import MachineError, TaskError
from assay.core.execution import Execution, Outcome
from assay.core.score import Score
from assay.core.view import View, ViewKey, ViewKind
from assay.engine.disk_room import Room
from assay.engine.parts import Parts
from assay.engine.run_slots import Place, Places
from assay.engine.running import Running
from assay.grading import Graded, Invalid, reported_score
from assay.journal import events as ev
from assay.journal.history import Measurement
from assay.kinds.base import Driven
from assay.sandbox import SandboxLimits

T = TypeVar("T")


class Measurer:
    """Runs and grades candidates. Called from several threads; equal measurements wait for one another.

    Args:
        parts: What the run is put together from.
        limits: Bounds of one execution; `wall_s` is lowered by the caller of `measure` where less time is left.
        at_once: Most executions at a time, whoever asks for them: steps, reseeds and the finish share them.
    """

    def __init__(self, parts: Parts, limits: SandboxLimits, *, at_once: int = 1) -> None:
        self._parts = parts
        self.at_once = max(1, at_once)
        self._places = Places(self.at_once, parts.gpus)
        self._limits = limits
        self._room = Room(parts.log, parts.clock, parts.folder, is_over=lambda: parts.activities.stopped)
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, str, int], threading.Lock] = defaultdict(threading.Lock)
        self._halted: dict[int, tuple[Running, Place]] = {}
        """By trial: runs that wait at a unit that failed; each keeps its place."""

    def measure(
        self,
        *,
        trial: int,
        attempt: int,
        candidate: Candidate,
        key: ViewKey,
        seed: int = 0,
        wall_s: float | None = None,
        most_s: float | None = None,
        live: bool = False,
    ) -> Measurement:
        """Return the candidate's measurement on the view, from the journal if it is there.

        Args:
            trial: Number of the trial that asks.
            attempt: Its attempt.
            candidate: What to run.
            key: View to run it on.
            seed: Told to the candidate.
            wall_s: Seconds left; None leaves the limit of an execution as it is. An execution that was cut by this
                and not by its own limit ends as stopped.
            most_s: A limit of this execution below the usual one; None for that.
            live: Whether a run that halts at a unit that fails is kept for `go_on`; the caller then owes `end_live`.

        Raises:
            MachineError: The sandbox failed twice: our fault, not the candidate's.
        """
        place = (candidate.digest, key.name, seed)
        with self._guard:
            lock = self._locks[place]
        with lock:
            known = self._parts.log.read(lambda history: history.measurement(*place))
            if known is None or known.execution is None or known.execution.outcome in (Outcome.STOPPED, Outcome.INFRA):
                self._execute(trial, attempt, candidate, key, seed, wall_s, most_s, live=live)
            known = self._parts.log.read(lambda history: history.measurement(*place))
            if known is not None and not known.graded and _gradable(known.execution):
                self._grade(known, key, candidate)
                known = self._parts.log.read(lambda history: history.measurement(*place))
        if known is None:
            raise LookupError(f"no measurement of {place}")
        return known

    def measure_all(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Return what `jobs`, which call `measure`, return; done side by side where there is room for it.

        Raises:
            Ending, MachineError: What the first job in order that raised did; the others have ended by then.
        """
        if self.at_once == 1 or len(jobs) == 1:
            return [job() for job in jobs]
        with ThreadPoolExecutor(min(self.at_once, len(jobs)), thread_name_prefix="folds") as pool:
            return list(pool.map(lambda job: job(), jobs))

    def predictions(self, measurement: Measurement, name: str = "submission.csv") -> Path | None:
        """Return where the stored file `name` of a measurement is, or None if it left none."""
        digest = measurement.execution.outputs.get(name) if measurement.execution else None
        return self._parts.objects.path(digest) if digest else None

    def go_on(self, trial: int, mended: Candidate, unit: str, wall_s: float | None = None) -> Execution | None:
        """Let the halted run of a trial go on from `unit` as `mended` has it.

        What it does from there on is for the repair's sake only: it is neither journaled nor graded.

        Args:
            trial: Number of the trial.
            mended: What the run shall become.
            unit: The unit at which it halted.
            wall_s: Seconds left for the search; a run with less than its own limit left does not go on.

        Returns:
            How it ended or halted next; None where there is nothing to go on with.
        """
        with self._guard:
            running, _ = self._halted.get(trial, (None, None))
        if running is None or (wall_s is not None and wall_s < self._limits.wall_s) or not running.go_on(mended, unit):
            self.end_live(trial)
            return None
        label = f"#{trial} live repair"
        with self._parts.activities.doing("run", label, trial=trial, limit_s=self._limits.wall_s) as ticket:
            self._parts.activities.watch(ticket, running.process)
            try:
                execution = running.wait()
            finally:
                if not running.halted:
                    self.end_live(trial)
        return execution

    def run_apart(self, trial: int, candidate: Candidate, view: str, seed: int, given: Mapping[str, str]) -> Execution:
        """Run something for a trial's sake that is no measurement: it is neither journaled nor graded.

        Args:
            trial: Number of the trial.
            candidate: What to run.
            view: Name of the search fold that it is shown.
            seed: Told to it.
            given: Files to begin with: path in the workspace to digest.
        """
        parts = self._parts
        key = next(key for key in parts.views.fold_keys() if key.name == view)
        shown, files = parts.views.build(key), {name: parts.objects.path(digest) for name, digest in given.items()}
        limits, label = self._limits, f"#{trial} {view} apart"
        with (
            self._place(candidate) as place,
            parts.activities.doing("run", label, trial=trial, view=view, limit_s=limits.wall_s) as ticket,
        ):
            running = Running(parts, candidate, shown, seed, limits, given=files, place=place)
            try:
                parts.activities.watch(ticket, running.process)
                return running.wait()
            except BaseException:
                running.close()
                raise

    def end_live(self, trial: int) -> None:
        """End the halted run of a trial, if there is one, and give its place to another."""
        with self._guard:
            running, place = self._halted.pop(trial, (None, None))
        if running is not None and place is not None:
            try:
                running.close()
            finally:
                self._places.give_back(place)

    @contextmanager
    def _place(self, candidate: Candidate) -> Iterator[Place]:
        place = self._places.take(candidate)
        try:
            yield place
        finally:
            self._places.give_back(place)

    def _execute(
        self,
        trial: int,
        attempt: int,
        candidate: Candidate,
        key: ViewKey,
        seed: int,
        wall_s: float | None,
        most_s: float | None,
        *,
        live: bool,
    ) -> None:
        parts = self._parts
        asked = parts.clock.monotonic()
        with parts.activities.doing("data", key.name, view=key.name):
            view = parts.views.build(key)
        label = f"#{trial} {key.name}"
        place = self._places.take(candidate)
        try:
            limit_s = self._limit_s(key.kind, most_s)
            with parts.activities.doing("run", label, trial=trial, view=key.name, limit_s=limit_s) as ticket:
                self._room.wait(wall_s)
                if wall_s is not None:  # time went by while the view was built and others had the slots
                    wall_s = max(0.0, wall_s - (parts.clock.monotonic() - asked))
                within = self._within(limit_s, wall_s)
                started = partial(self._start, ticket, trial, attempt, candidate, view, seed, within, place, live=live)
                execution = started()
                if execution.outcome is Outcome.INFRA:
                    execution = started()
        finally:
            if trial not in self._halted:
                self._places.give_back(place)
        parts.log.add(
            ev.Executed(
                trial=trial, attempt=attempt, code=candidate.digest, view=key.name, seed=seed, execution=execution
            )
        )
        if execution.outcome is Outcome.INFRA:
            raise MachineError(
                "E517", f"the sandbox failed twice: {execution.detail}", kept="every finished trial", fix="assay doctor"
            )

    def _start(
        self,
        ticket: int,
        trial: int,
        attempt: int,
        candidate: Candidate,
        view: View,
        seed: int,
        within: tuple[SandboxLimits, bool],
        place: Place,
        *,
        live: bool,
    ) -> Execution:
        """Journal the intent, then run: what is not in the journal never existed."""
        parts = self._parts
        parts.log.add(
            ev.AttemptStarted(trial=trial, attempt=attempt, code=candidate.digest, view=view.key.name, seed=seed)
        )
        limits, cut = within
        running = Running(parts, candidate, view, seed, limits, live=live and not cut, place=place)
        try:
            parts.activities.watch(ticket, running.process)
            execution = running.wait()
        except BaseException:
            running.close()
            raise
        if running.halted:
            with self._guard:
                self._halted[trial] = (running, place)
        if execution.outcome is Outcome.TIMEOUT and cut:
            return replace(execution, outcome=Outcome.STOPPED)
        return execution

    def _within(self, limit_s: float, wall_s: float | None) -> tuple[SandboxLimits, bool]:
        """Return the limits of an execution, and whether the run's own end cuts them."""
        cut = wall_s is not None and wall_s < limit_s
        return replace(self._limits, wall_s=max(1.0, wall_s if cut and wall_s is not None else limit_s)), cut

    def _limit_s(self, kind: ViewKind, most_s: float | None) -> float:
        usual = self._limits.wall_s * (1.0 if kind in (ViewKind.FOLD, ViewKind.REHEARSAL) else 3.0)
        return usual if most_s is None else min(usual, most_s)

    def _grade(self, known: Measurement, key: ViewKey, candidate: Candidate) -> None:
        parts = self._parts
        predictions = self.predictions(known)
        if predictions is None or known.execution is None:
            return
        view = parts.views.build(key)
        reported = None if key.kind is ViewKind.REHEARSAL else reported_score(known.execution.log_tail)
        score: Score | None = None
        problems: tuple[str, ...] = ()
        if view.answers is None:
            problems = parts.grading.validate(parts.task, view, predictions)
        elif known.execution.outcome is not Outcome.OK and isinstance(parts.kinds[candidate.kind], Driven):
            # What a cell wrote before another failed may never have passed the locked ones.
            problems = ("its units did not all run to their ends",)
        elif key.kind is not ViewKind.SEALED:
            try:
                grade = parts.grading.grade(parts.task, view, predictions)
            except TaskError as error:
                if key in parts.views.fold_keys():
                    raise  # the task's fault, told by the first trial that meets it
                grade = Invalid(problems=(error.message,))
            if isinstance(grade, Graded):
                score = replace(grade.score, partial=known.execution.outcome is not Outcome.OK)
            elif isinstance(grade, Invalid):
                problems = grade.problems
        parts.log.add(
            ev.Graded(
                trial=known.trial,
                attempt=known.attempt,
                code=known.code,
                view=known.view,
                seed=known.seed,
                score=score,
                problems=problems,
                reported=reported,
            )
        )


def _gradable(execution: Execution | None) -> bool:
    return execution is not None and "submission.csv" in execution.outputs
