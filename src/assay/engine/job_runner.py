"""Job runner: one attempt of a job in the sandbox, from its laid out workspace to what it left."""

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
from assay.engine.budget import Budget
from assay.engine.left_behind import left_behind
from assay.engine.parts import Parts
from assay.engine.run_slots import asks_for_gpu
from assay.journal import events as ev
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


class JobRunner:
    """Runs attempts of jobs.

    Args:
        parts: What the run is put together from.
        budget: Says how much time is left.
        limits: Bounds of one attempt where its plan names none.
    """

    def __init__(self, parts: Parts, budget: Budget, limits: SandboxLimits) -> None:
        self._parts = parts
        self._budget = budget
        self.limits = limits

    def run(self, number: int, attempt: int, candidate: Candidate, plan: JobPlan) -> None:
        """Run an attempt, journal its start, and what came back.

        Args:
            number: The job.
            attempt: 1 for the candidate as created; each repair adds one.
            candidate: What to run.
            plan: How.

        Raises:
            MachineError: The sandbox failed twice (E517).
        """
        parts, view = self._parts, job_view(number, attempt)
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
        parts, view = self._parts, job_view(number, attempt)
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


def job_view(number: int, attempt: int) -> str:
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
