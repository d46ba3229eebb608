"""Measure: one candidate on one view, run and graded, never twice for the same code, view and seed."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from assay.core.candidate import Candidate
from assay.core.errors import MachineError, TaskError
from assay.core.execution import Execution, Outcome
from assay.core.score import Score
from assay.core.view import View, ViewKey, ViewKind
from assay.engine.left_behind import left_behind
from assay.engine.output_size import most_output_bytes
from assay.engine.parts import Parts
from assay.engine.room import Room
from assay.grading import Graded, Invalid, reported_score
from assay.journal import events as ev
from assay.journal.history import Measurement
from assay.sandbox import Mount, SandboxLimits, Workspace, collect, remove_tree
from assay.sandbox.base import Finished

T = TypeVar("T")

LOG_TAIL = 8_000


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
        self._slots = threading.BoundedSemaphore(self.at_once)
        self._limits = limits
        self._room = Room(parts.log, parts.clock, parts.folder, is_over=lambda: parts.activities.stopped)
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, str, int], threading.Lock] = defaultdict(threading.Lock)

    def measure(
        self,
        *,
        trial: int,
        attempt: int,
        candidate: Candidate,
        key: ViewKey,
        seed: int = 0,
        wall_s: float | None = None,
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

        Raises:
            MachineError: The sandbox failed twice: our fault, not the candidate's.
        """
        place = (candidate.digest, key.name, seed)
        with self._guard:
            lock = self._locks[place]
        with lock:
            known = self._parts.log.read(lambda history: history.measurement(*place))
            if known is None or known.execution is None or known.execution.outcome in (Outcome.STOPPED, Outcome.INFRA):
                self._execute(trial, attempt, candidate, key, seed, wall_s)
            known = self._parts.log.read(lambda history: history.measurement(*place))
            if known is not None and not known.graded and _gradable(known.execution):
                self._grade(known, key)
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

    def _execute(
        self, trial: int, attempt: int, candidate: Candidate, key: ViewKey, seed: int, wall_s: float | None
    ) -> None:
        parts = self._parts
        asked = parts.clock.monotonic()
        with parts.activities.doing("data", key.name, view=key.name):
            view = parts.views.build(key)
        label = f"#{trial} {key.name}"
        with (
            self._slots,
            parts.activities.doing("run", label, trial=trial, view=key.name, limit_s=self._limits.wall_s) as ticket,
        ):
            self._room.wait(wall_s)
            if wall_s is not None:  # time went by while the view was built and others had the slots
                wall_s = max(0.0, wall_s - (parts.clock.monotonic() - asked))
            execution = self._start(ticket, trial, attempt, candidate, view, seed, wall_s)
            if execution.outcome is Outcome.INFRA:
                execution = self._start(ticket, trial, attempt, candidate, view, seed, wall_s)
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
        wall_s: float | None,
    ) -> Execution:
        """Journal the intent, then run: what is not in the journal never existed."""
        self._parts.log.add(
            ev.AttemptStarted(trial=trial, attempt=attempt, code=candidate.digest, view=view.key.name, seed=seed)
        )
        return self._run(ticket, candidate, view, seed, wall_s)

    def _run(self, ticket: int, candidate: Candidate, view: View, seed: int, wall_s: float | None) -> Execution:
        parts = self._parts
        work = parts.folder / "work"
        work.mkdir(exist_ok=True)
        root = Path(tempfile.mkdtemp(prefix=f"{view.key.name}-", dir=work))
        try:
            _lay_out(root, candidate)
            shown = (Mount(source=view.input, target="input"),)
            workspace = Workspace(root=root, mounts=shown, secrets=parts.secrets, hidden=parts.hidden)
            limits, cut = self._within(view, wall_s)
            kind = parts.kinds[candidate.kind]
            command = kind.command(candidate, python=parts.python, seed=seed, threads=limits.threads)
            process = parts.sandbox.start(command, workspace, limits)
            parts.activities.watch(ticket, process)
            finished = process.wait()
            if finished is None:
                raise LookupError("a process without a time limit to wait for did not end")
            return self._take(root, candidate, finished, kind.outputs, most_output_bytes(parts.task, view), cut=cut)
        finally:
            remove_tree(root)

    def _within(self, view: View, wall_s: float | None) -> tuple[SandboxLimits, bool]:
        """Return the limits of this execution, and whether the run's own end cuts them."""
        limits = self._limits
        wall = limits.wall_s * (3.0 if view.key.kind is not ViewKind.FOLD else 1.0)
        cut = wall_s is not None and wall_s < wall
        return replace(limits, wall_s=max(1.0, wall_s if cut and wall_s is not None else wall)), cut

    def _take(
        self, root: Path, candidate: Candidate, finished: Finished, names: tuple[str, ...], max_bytes: int, *, cut: bool
    ) -> Execution:
        """Take the outputs and the log of an ended process into the object store."""
        parts = self._parts
        private = parts.folder / "private" / "taken"
        private.mkdir(parents=True, exist_ok=True, mode=0o700)
        into = Path(tempfile.mkdtemp(dir=private))
        try:
            # From the workspace on: `./output` itself may have become a link, or be gone.
            collected = collect(root, [f"output/{name}" for name in names], into, max_bytes=max_bytes)
            outputs = {_plain(name): parts.objects.adopt(f.path, f.digest) for name, f in collected.taken.items()}
            left = left_behind(root, but=(*candidate.files, *collected.taken))
        finally:
            shutil.rmtree(into, ignore_errors=True)
        outcome = finished.outcome
        if outcome is Outcome.TIMEOUT and cut:
            outcome = Outcome.STOPPED
        return Execution(
            outcome=outcome,
            exit_code=finished.exit_code,
            wall_s=round(finished.wall_s, 3),
            cpu_s=finished.cpu_s,
            peak_memory_bytes=finished.peak_memory_bytes,
            log=parts.objects.put(finished.log) if finished.log else "",
            log_tail=finished.log.decode(errors="replace")[-LOG_TAIL:],
            outputs=outputs,
            refused={_plain(name): reason for name, reason in collected.refused.items()},
            files=left,
            stuck_at=finished.stuck_at,
            tier=parts.sandbox.tier,
            detail=finished.detail,
        )

    def _grade(self, known: Measurement, key: ViewKey) -> None:
        parts = self._parts
        predictions = self.predictions(known)
        if predictions is None or known.execution is None:
            return
        view = parts.views.build(key)
        reported = reported_score(known.execution.log_tail)
        score: Score | None = None
        problems: tuple[str, ...] = ()
        if view.answers is None:
            problems = parts.grading.validate(parts.task, view, predictions)
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


def _plain(name: str) -> str:
    return name.removeprefix("output/")


def _gradable(execution: Execution | None) -> bool:
    return execution is not None and "submission.csv" in execution.outputs


def _lay_out(root: Path, candidate: Candidate) -> None:
    for name, text in candidate.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "output").mkdir()
