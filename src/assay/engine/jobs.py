"""Jobs: candidates that nobody grades, executed for their evidence.

A job is a trial of a run without data, folds and metric. It is created, executed once an attempt in the sandbox, what
it left is taken, and whoever asked for it says from that evidence, never from a score, in which state it ends. Every
step is journaled before or after it as elsewhere, and found in the journal instead of done again by a resumed run.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import MachineError
from assay.core.execution import Execution, Outcome
from assay.core.trial import TrialState
from assay.engine.budget import Budget
from assay.engine.endings import Ending
from assay.engine.left_behind import left_behind
from assay.engine.parts import Parts
from assay.engine.places import asks_for_gpu
from assay.engine.room import Room
from assay.journal import events as ev
from assay.journal.history import Measurement, Trial
from assay.kinds.plain_paths import plain_paths
from assay.sandbox import Command, Mount, SandboxLimits, Workspace, collect, remove_tree
from assay.sandbox.base import Finished
from assay.sandbox.gpus import Gpu

LOG_TAIL = 8_000
CLOCK_SLACK_S = 1.0
"""File times come from a coarser clock than the start of an attempt."""
MOST_OUTPUT_BYTES = 2**30


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """How one attempt of a job is executed."""

    outputs: tuple[str, ...] = ()
    """Files to take, relative to the workspace, besides those that the kind names."""
    mounts: tuple[Mount, ...] = ()
    """What it may read besides its own files."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that it is told, besides those of its kind. No secret belongs here."""
    python: Path | None = None
    """Interpreter; None means that of the run."""
    limits: SandboxLimits | None = None
    """Bounds of this attempt; None means those of the run."""
    folders: tuple[str, ...] = ("output",)
    """Empty folders that it finds in its workspace."""
    prepare: Callable[[Path], Mapping[str, str]] | None = None
    """Called with the workspace before each start; returns further variables. It may journal what it opened."""
    gather: Callable[[Path, Execution], None] | None = None
    """Called with the workspace, which is hostile, once every process is dead and the outputs are taken, and before
    the execution is journaled: what it journals, such as `EvidenceVerified`, is superseded if the attempt is run again.
    Not called for an attempt that was stopped or that the sandbox failed."""


class Jobs:
    """Creates, executes and ends jobs. Called from the steps of a strategy, several at a time.

    Args:
        parts: What the run is put together from.
        budget: Says how much time is left.
        limits: Bounds of one attempt where its plan names none.
        room: Holds back what is new while the disk is nearly full; None watches that of the run's folder.
    """

    def __init__(self, parts: Parts, budget: Budget, limits: SandboxLimits, room: Room | None = None) -> None:
        self._parts = parts
        self._budget = budget
        self.limits = limits
        self.room = room or Room(parts.log, parts.clock, parts.folder, is_over=lambda: parts.activities.stopped)

    def wait_for_room(self) -> None:
        """Return when something new may be started: the disk is not nearly full, and the run goes on.

        Raises:
            Ending: A limit is reached, or somebody asked to stop.
        """
        self.room.wait(self._budget.search_s)
        self._budget.check()

    def create(self, key: str, candidate: Candidate, *, step: int | None = None) -> Trial:
        """Return the job under `key`, created now if the journal does not know it. It never takes part in a ranking."""
        log = self._parts.log
        known = log.read(lambda history: history.trial_by_key(key))
        if known is not None:
            return known
        record = self._parts.objects.put_candidate(candidate)
        log.create(
            lambda history: ev.TrialCreated(
                trial=history.next_trial,
                key=key,
                candidate=record,
                title=candidate.title,
                operator=candidate.operator,
                plan=candidate.plan,
                parents=candidate.parents,
                recipe=candidate.recipe,
                step=step,
                counts=False,
            )
        )
        return self._of_key(key)

    def current(self, number: int) -> tuple[Candidate, int]:
        """Return the job's candidate, as created or as last mended, and the attempt that it belongs to."""
        trial = self.trial(number)
        attempt = trial.repairs[-1].attempt if trial.repairs else 1
        return self._parts.objects.candidate(trial.candidate), attempt

    def trial(self, number: int) -> Trial:
        """Return the job as the journal tells it now."""
        return self._parts.log.read(lambda history: history.trials[number])

    def execution(self, number: int, attempt: int) -> Execution | None:
        """Return what came back from an attempt, or None if it has not ended."""
        candidate, _ = self.current(number)
        known = self._parts.log.read(lambda h: h.measurement(candidate.digest, _view(number, attempt)))
        return None if known is None else known.execution

    def run(self, number: int, attempt: int, candidate: Candidate, plan: JobPlan) -> Execution:
        """Return what came back from an attempt of the job, executed once whatever happens.

        A file that is older than the start of the attempt is refused: it is no work of this attempt.

        Args:
            number: The job.
            attempt: 1 for the candidate as created; each repair adds one.
            candidate: What to run.
            plan: How.

        Raises:
            Ending: The run was stopped meanwhile; the attempt is left for a resumption.
            MachineError: The sandbox failed twice: our fault, not the candidate's.
        """
        place = (candidate.digest, _view(number, attempt))
        known = self._parts.log.read(lambda history: history.measurement(*place))
        if known is None or known.execution is None or known.execution.outcome in (Outcome.STOPPED, Outcome.INFRA):
            self.wait_for_room()
            self._execute(number, attempt, candidate, plan)
            known = self._parts.log.read(lambda history: history.measurement(*place))
        if known is None or known.execution is None:
            raise LookupError(f"no execution of {place}")
        if known.execution.outcome is Outcome.STOPPED:
            self._budget.check()
            raise Ending("time")
        return known.execution

    def review(self, review: ev.Reviewed) -> None:
        """Journal a reviewer's verdict, unless it is there."""
        if review not in self.trial(review.trial).reviews:
            self._parts.log.add(review)

    def mend(self, number: int, before: Candidate, after: Candidate, repaired: ev.Repaired) -> Candidate:
        """Journal that `after` takes the place of `before` in the job; return it.

        Args:
            number: The job.
            before: What ran, or was looked at, so far.
            after: What stands in its place.
            repaired: Who mended it, where, and why; its candidate and digests are filled in here.
        """
        self._parts.log.add(
            replace(
                repaired,
                trial=number,
                candidate=self._parts.objects.put_candidate(after),
                previous=before.digest,
                code=after.digest,
            )
        )
        return after

    def finish(self, number: int, state: TrialState, *, reason: str = "", flags: tuple[str, ...] = ()) -> Trial:
        """Return the job in its final state, which is journaled once.

        Args:
            number: The job.
            state: `COMPLETE` only where its evidence was verified.
            reason: Why it is not complete, in a sentence.
            flags: Remarks that stay with it.
        """
        trial = self.trial(number)
        if trial.state.is_final:
            return trial
        walls = [m.execution.wall_s for m in self._measured(number) if m.execution is not None]
        self._parts.log.add(
            ev.TrialFinished(
                trial=number,
                state=state,
                candidate=trial.candidate,
                wall_s=round(walls[-1], 3) if walls else 0.0,
                reason=reason,
                flags=flags,
            )
        )
        return self.trial(number)

    # --- execution -----------------------------------------------------------------------------------------------

    def _execute(self, number: int, attempt: int, candidate: Candidate, plan: JobPlan) -> None:
        parts, view = self._parts, _view(number, attempt)
        limits, cut = self._within(plan.limits or self.limits)
        label = f"#{number} {candidate.title}".strip()
        gpu = parts.gpus.take() if asks_for_gpu(candidate) else None
        try:
            with parts.activities.doing("run", label, trial=number, view=view, limit_s=limits.wall_s) as ticket:
                started = partial(self._start, ticket, number, attempt, candidate, plan, limits, gpu, cut=cut)
                execution = started()
                if execution.outcome is Outcome.INFRA:
                    execution = started()
        finally:
            parts.gpus.give_back(gpu)
        parts.log.add(ev.Executed(trial=number, attempt=attempt, code=candidate.digest, view=view, execution=execution))
        if execution.outcome is Outcome.INFRA:
            raise MachineError(
                "E517", f"the sandbox failed twice: {execution.detail}", kept="every finished job", fix="assay doctor"
            )

    def _start(
        self,
        ticket: int,
        number: int,
        attempt: int,
        candidate: Candidate,
        plan: JobPlan,
        limits: SandboxLimits,
        gpu: Gpu | None,
        *,
        cut: bool,
    ) -> Execution:
        """Journal the intent, then run: what is not in the journal never existed."""
        parts, view = self._parts, _view(number, attempt)
        parts.log.add(ev.AttemptStarted(trial=number, attempt=attempt, code=candidate.digest, view=view))
        work = parts.folder / "work"
        work.mkdir(exist_ok=True)
        root = Path(tempfile.mkdtemp(prefix=f"{view}-", dir=work))
        try:
            _lay_out(root, candidate, plan)
            told = plan.prepare(root) if plan.prepare is not None else {}
            began = parts.clock.now()
            workspace = Workspace(
                root=root,
                mounts=plan.mounts,
                secrets=parts.secrets,
                devices=gpu.devices if gpu else (),
                hidden=parts.hidden,
            )
            command = self._command(candidate, plan, {**parts.gpus.variables(gpu), **plan.env, **told}, limits)
            process = parts.sandbox.start(command, workspace, replace(limits, gpus=1 if gpu else 0))
            parts.activities.watch(ticket, process)
            finished = process.wait()
            if finished is None:
                raise LookupError("a process without a time limit to wait for did not end")
            execution = self.take(root, candidate, plan, finished, began, cut=cut)
            if plan.gather is not None and execution.outcome not in (Outcome.STOPPED, Outcome.INFRA):
                plan.gather(root, execution)
            return execution
        finally:
            remove_tree(root)

    def _command(self, candidate: Candidate, plan: JobPlan, env: Mapping[str, str], limits: SandboxLimits) -> Command:
        parts = self._parts
        kind = parts.kinds[candidate.kind]
        command = kind.command(candidate, python=plan.python or parts.python, seed=parts.seed, threads=limits.threads)
        return replace(command, env={**command.env, **env})

    def _within(self, limits: SandboxLimits) -> tuple[SandboxLimits, bool]:
        """Return the limits of an attempt, and whether the run's own end cuts them."""
        left = self._budget.search_s
        cut = left is not None and left < limits.wall_s
        return replace(limits, wall_s=max(1.0, left if cut and left is not None else limits.wall_s)), cut

    def take(
        self, root: Path, candidate: Candidate, plan: JobPlan, finished: Finished, began: float, *, cut: bool
    ) -> Execution:
        """Take the outputs and the log of an ended process into the object store; return the execution."""
        parts = self._parts
        kind = parts.kinds[candidate.kind]
        private = parts.folder / "private" / "taken"
        private.mkdir(parents=True, exist_ok=True, mode=0o700)
        into = Path(tempfile.mkdtemp(dir=private))
        try:
            names = tuple(dict.fromkeys((*kind.outputs, *plan.outputs)))
            old = {name: "older than the start of the attempt" for name in names if _is_old(root / name, began)}
            found = collect(root, [n for n in names if n not in old], into, max_bytes=MOST_OUTPUT_BYTES)
            outputs = {name: parts.objects.adopt(f.path, f.digest) for name, f in found.taken.items()}
            left = left_behind(root, but=(*candidate.files, *found.taken))
        finally:
            shutil.rmtree(into, ignore_errors=True)
        stopped = finished.outcome is Outcome.TIMEOUT and cut
        taken = Execution(
            outcome=Outcome.STOPPED if stopped else finished.outcome,
            exit_code=finished.exit_code,
            wall_s=round(finished.wall_s, 3),
            cpu_s=finished.cpu_s,
            peak_memory_bytes=finished.peak_memory_bytes,
            log=parts.objects.put(finished.log) if finished.log else "",
            log_tail=finished.log.decode(errors="replace")[-LOG_TAIL:],
            outputs=outputs,
            refused={**found.refused, **old},
            files=left,
            stuck_at=finished.stuck_at,
            tier=finished.tier or parts.sandbox.tier,
            node=finished.node,
            detail=finished.detail,
        )
        return plain_paths(taken, root)

    def _measured(self, number: int) -> list[Measurement]:
        return self._parts.log.read(lambda history: history.measurements(number))

    def _of_key(self, key: str) -> Trial:
        known = self._parts.log.read(lambda history: history.trial_by_key(key))
        if known is None:
            raise LookupError(f"no job under {key!r}")
        return known


def _view(number: int, attempt: int) -> str:
    """Return what stands for the view of a job: nothing is shared between jobs, not even by equal code."""
    return f"job-{number:04d}-{attempt}"


def _is_old(path: Path, began: float) -> bool:
    try:
        return path.lstat().st_mtime < began - CLOCK_SLACK_S
    except (OSError, ValueError):
        return False  # whether it can be taken at all is found out next


def _lay_out(root: Path, candidate: Candidate, plan: JobPlan) -> None:
    for name, text in candidate.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for folder in plan.folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
