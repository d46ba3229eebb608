"""A run whose task is not graded, over real files and a real sandbox, for tests of jobs."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.core.execution import Execution
from assay.core.task import ungraded_task
from assay.engine.activities import Activities
from assay.engine.budget import Budget
from assay.engine.job_runner import JobPlan
from assay.engine.jobs import Jobs
from assay.engine.log import EventLog
from assay.engine.parts import Parts
from assay.engine.session import Session
from assay.engine.ungraded import NO_DATA, NoGrading, NoViews
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.objects import ObjectStore
from assay.kinds import BlocksKind
from assay.kinds.blocks import BlockRun, blocks_candidate, read_record
from assay.models.base import Model
from assay.models.scripted import ScriptedModel
from assay.operators.rendering import Prompts
from assay.sandbox import Sandbox, open_sandbox
from support.real_engine import limited
from support.tasks import small_machine


@lru_cache
def shared_sandbox() -> Sandbox:
    """Return a sandbox that is opened once for all tests of a process: its probe costs more than most jobs."""
    sandbox = open_sandbox("auto")
    atexit.register(sandbox.close)
    return sandbox


@dataclass
class JobBench:
    """One engine process in a folder; opened again on the same folder it is a resumed one."""

    folder: Path
    limits: Limits = field(default_factory=Limits)
    model: Model = field(default_factory=lambda: ScriptedModel(()))

    def __post_init__(self) -> None:
        """Open everything."""
        self.clock = SystemClock()
        self.sandbox = shared_sandbox()
        self.log = EventLog(FileJournal(self.folder / "events.jsonl"), self.clock)
        self.task = ungraded_task("bench", self.folder / "user", "Run what agents wrote.")
        if self.log.read(lambda history: history.started) is None:
            self.log.add(self._started())
        self.parts = Parts(
            folder=self.folder,
            task=self.task,
            profile=NO_DATA,
            machine=small_machine(),
            seed=0,
            log=self.log,
            objects=ObjectStore(self.folder / "objects"),
            views=NoViews(),
            grading=NoGrading(),
            sandbox=self.sandbox,
            model=self.model,
            render=Prompts().render,
            check=lambda candidate: (),
            kinds={"blocks": BlocksKind()},
            clock=self.clock,
            activities=Activities(self.clock),
            secrets=(self.folder / "private", self.folder / "events.jsonl"),
        )
        budget = Budget(self.limits, self.log, self.clock)
        self.jobs = Jobs(self.parts, budget, limited(wall_s=30.0))
        self.session = Session(self.parts, None, budget, self.jobs)

    def run(self, key: str, sources: Sequence[str], plan: JobPlan | None = None) -> tuple[int, Execution]:
        """Return the number and the execution of a job that runs `sources`."""
        candidate = blocks_candidate(sources, title=key)
        trial = self.jobs.create(key, candidate)
        return trial.number, self.jobs.run(trial.number, 1, candidate, plan or JobPlan())

    def blocks(self, execution: Execution, count: int) -> tuple[BlockRun, ...]:
        """Return how each block ran."""
        digest = execution.outputs.get("blocks.jsonl")
        return read_record(self.parts.objects.get(digest) if digest else b"", count, execution)

    def text(self, execution: Execution, name: str) -> str:
        """Return the text of a file that was taken."""
        return self.parts.objects.get(execution.outputs[name]).decode()

    def _started(self) -> ev.RunStarted:
        return ev.RunStarted(
            run="bench",
            task=self.task,
            task_digest="",
            strategy="none",
            model="scripted",
            seed=0,
            limits=self.limits,
            sandbox=self.sandbox.tier,
        )
