"""Long jobs: attempts of jobs that outlive the engine, found again by whoever takes up the run.

Each has a folder of its own below `long/`, which a resumption leaves alone: its workspace, and beside it the record
that its supervisor keeps. The start is journaled before it happens, the execution when its end was seen: an engine that
is killed in between finds the record, and nothing is started or credited twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.clock import Clock
from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.engine.job_runner import JobPlan
from assay.engine.jobs import Jobs
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.sandbox import SandboxLimits, Workspace, remove_tree
from assay.sandbox.base import Finished
from assay.sandbox.longrun import Life, LongRun, Look, Order, attach_long, set_aside, start_long

_TAIL = 200_000
"""Characters of a log that are kept in the journal's store; the whole, capped log is in the long run's folder."""
_LAID_OUT = 1_000_000_000
"""Time, in seconds since the epoch, that output files get which lie there before the command starts. A run of days may
see the machine's clock set back, so what is older than its start cannot be told by the time of its start."""


@dataclass(frozen=True, kw_only=True)
class LongPlan:
    """How an attempt that outlives the engine is started, and what is taken of it."""

    lay_out: Callable[[Path], None]
    """Fills the empty workspace with all that the command finds in it."""
    outputs: tuple[str, ...] = ()
    """Files to take, relative to the workspace."""
    limits: SandboxLimits
    seed: int
    """Told to the command as `ASSAY_SEED`."""
    sandbox: str = "auto"
    python: Path | None = None
    """Interpreter of this attempt; None means that of the run."""


class Attended:
    """A long run as an activity shows it. A person's wish to skip it ends it; the end of a run does so otherwise.

    Args:
        run: The long run.
        clock: Gives the time.
    """

    def __init__(self, run: LongRun, clock: Clock) -> None:
        self._run = run
        self._clock = clock
        self.skipped = False
        """Whether a person wanted it ended."""

    @property
    def handle(self) -> str:
        """Pid and start time of the process that guards the tree."""
        return self._run.look().record.process

    def last_output_age_s(self) -> float:
        """Return the seconds since it last printed, or since its start."""
        last = self._run.last_output()
        return max(0.0, self._clock.now() - (last if last is not None else self._run.look().record.started))

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """Ask it to end if it is to be skipped; anything else is for whoever attends to it."""
        if outcome is Outcome.SKIPPED:
            self.skipped = True
            self._run.stop()


class LongJobs:
    """Starts, finds, and ends attempts of jobs that outlive the engine.

    Args:
        parts: What the run is put together from.
        jobs: Creates and ends the jobs that the attempts belong to.
    """

    def __init__(self, parts: Parts, jobs: Jobs) -> None:
        self._parts = parts
        self._jobs = jobs

    def begin(self, number: int, attempt: int, candidate: Candidate, plan: LongPlan) -> LongRun:
        """Return the attempt, started once whatever happens.

        Args:
            number: The job.
            attempt: Counted from 1.
            candidate: What to run.
            plan: How.

        Raises:
            Ending: The run ended while it waited for room on the disk.
            MachineError: It could not be started.
        """
        known = self.find(number, attempt)
        if known is not None:
            return known
        self._jobs.wait_for_room()
        parts, place = self._parts, self._place(number, attempt)
        if self._jobs.trial(number).attempts < attempt:
            view = _view(number, attempt)
            parts.log.add(ev.AttemptStarted(trial=number, attempt=attempt, code=candidate.digest, view=view))
        root = place / "work"
        if root.exists():
            remove_tree(root)  # laid out, perhaps in part, by an engine that was killed before it started anything
        root.mkdir(parents=True)
        plan.lay_out(root)
        kind = parts.kinds[candidate.kind]
        _mark_old(root, (*kind.outputs, *plan.outputs))
        python = plan.python or parts.python
        command = kind.command(candidate, python=python, seed=plan.seed, threads=plan.limits.threads)
        workspace = Workspace(root=root, secrets=parts.secrets, hidden=parts.hidden)
        order = Order(command=command, workspace=workspace, limits=plan.limits, sandbox=plan.sandbox)
        return start_long(place / "record", order, parts.clock)

    def find(self, number: int, attempt: int) -> LongRun | None:
        """Return an attempt that was started, by this engine or by one before it.

        One whose record a broken disk has torn is ended, and its end is not known: the work goes on without it.
        """
        folder = self._place(number, attempt) / "record"
        try:
            return attach_long(folder, self._parts.clock)
        except IntegrityError:
            set_aside(folder, self._parts.clock)
            return attach_long(folder, self._parts.clock)

    def settle(
        self, number: int, attempt: int, candidate: Candidate, plan: LongPlan, *, stopped: str = ""
    ) -> Execution:
        """Return what came back from an attempt that is over, journaled once; its workspace is removed.

        Args:
            number: The job.
            attempt: Counted from 1.
            candidate: What was run.
            plan: How.
            stopped: Why it was ended by us; empty if it was not.

        Raises:
            LookupError: It still runs, or was never started.
        """
        known = self._jobs.execution(number, attempt)
        if known is not None:
            return known
        run = self.find(number, attempt)
        look = run.look() if run is not None else None
        if run is None or look is None or not look.is_over:
            raise LookupError(f"attempt {attempt} of job {number} is not over")
        place = self._place(number, attempt)
        taking = JobPlan(outputs=plan.outputs)
        finished = _finished(look, run.tail(_TAIL), stopped)
        if not self._jobs.room.has_room():
            kind = self._parts.kinds[candidate.kind]
            _strip(place / "work", keep=(*kind.outputs, *plan.outputs))
        execution = self._jobs.runner.take(place / "work", candidate, taking, finished, _LAID_OUT + 60.0, cut=False)
        execution = replace(execution, tier=look.record.tier or execution.tier)
        view = _view(number, attempt)
        self._parts.log.add(
            ev.Executed(trial=number, attempt=attempt, code=candidate.digest, view=view, execution=execution)
        )
        remove_tree(place / "work")
        return execution

    def _place(self, number: int, attempt: int) -> Path:
        return self._parts.folder / "long" / _view(number, attempt)


def _view(number: int, attempt: int) -> str:
    return f"job-{number:04d}-{attempt}"


def _mark_old(root: Path, names: tuple[str, ...]) -> None:
    """Give files that a command is to write, and that are there without it, a time long before its start."""
    for name in names:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.utime(root / name, (_LAID_OUT, _LAID_OUT), follow_symlinks=False)


def _strip(root: Path, *, keep: tuple[str, ...]) -> None:
    """Remove what nobody will ask for from a workspace that may have filled the disk: its end must be journaled."""
    kept = {root / name for name in keep}
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if path not in kept:
                with suppress(OSError):
                    path.unlink()


def _finished(look: Look, log: str, stopped: str) -> Finished:
    """Return the end of a long run as the end of any process is told."""
    end = look.record.end
    if end is None:
        words = {Life.LOST: "the machine was started anew", Life.UNKNOWN: "its supervisor was killed"}
        return Finished(
            outcome=Outcome.INFRA,
            exit_code=None,
            wall_s=0.0,
            cpu_s=None,
            peak_memory_bytes=None,
            log=log.encode(),
            detail=words.get(look.life, look.words),
        )
    return Finished(
        outcome=Outcome.STOPPED if stopped else end.outcome,
        exit_code=end.exit_code,
        wall_s=end.wall_s,
        cpu_s=end.cpu_s,
        peak_memory_bytes=end.peak_memory_bytes,
        log=log.encode(),
        detail=stopped or end.detail,
    )
