"""A whole engine on fakes: scripted proposals, a fake sandbox, fake views and grading, the real everything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.clock import Clock, FakeClock
from assay.core.execution import Outcome
from assay.core.metric import Metric
from assay.core.profile import DataProfile
from assay.core.rehearse import Rehearse
from assay.core.task import Task
from assay.engine.activities import Activities
from assay.engine.attempts import Attempts
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.evaluate import Evaluator
from assay.engine.finish import Finish
from assay.engine.gate import Gate
from assay.engine.judging import Judge
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.engine.noise import RESEEDS
from assay.engine.parts import CheckFinding, Grading, Parts, Repairer, ViewSource
from assay.engine.run import Run, Strategy
from assay.engine.session import Session
from assay.engine.warm_pool import WarmPool
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.history import History
from assay.journal.memory import MemoryJournal
from assay.journal.objects import ObjectStore
from assay.kinds import ScriptKind
from assay.kinds.base import Kind
from assay.models.base import Message, Model, Request
from assay.models.roles import Inputs
from assay.models.scripted import Scripted, ScriptedModel
from assay.operators.debug import ModelRepairer
from assay.sandbox.base import Command, Sandbox, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from assay.strategies.tree import Tree, TreeOptions
from support.fakes import FakeGrading, FakeViews, noise
from support.tasks import RMSE, empty_profile, regression_task, small_machine

SCORES = {"constant": 3.0, "boosting": 2.0}


def behave(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    """Do what the fake candidate says."""
    del command, limits
    wish = json.loads((workspace.root / "solution.py").read_text(encoding="utf-8").removeprefix("wish = "))
    view = (workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8")
    if "fail" in wish:
        return FakeResult(outcome=Outcome.ERROR, exit_code=1, log=f"Traceback\n{wish['fail']}\n")
    if not wish.get("silent"):
        value = wish["score"] + noise(view) + 0.3 * noise(view, wish["score"])
        with suppress(FileNotFoundError):  # of one that was killed meanwhile, the folder may be gone
            (workspace.root / "output" / "submission.csv").write_text(f"{value:.6f}\n", encoding="utf-8")
    return FakeResult(wall_s=0.01)


def program(title: str, **wish: Any) -> Mapping[str, Any]:
    """Return the fields of a program whose script is a wish."""
    return {"title": title, "plan": f"{title} because", "code": f"wish = {json.dumps(wish)}"}


def propose(request: Request[Any]) -> Scripted:
    """Answer every role as a fixed function of the question: scores fall slowly, some proposals fail."""
    inputs: Any = request.inputs
    if request.role == "baseline":
        return program(inputs.name, score=SCORES[inputs.name])
    if request.role == "draft":
        broken = inputs.index % 3 == 2
        wish = {"fail": f"ValueError: draft {inputs.index}"} if broken else {"score": 1.9 - 0.1 * inputs.index}
        return program(f"draft {inputs.index}", **wish)
    if request.role == "improve":
        score = inputs.parent.score or 2.0
        return program(f"improve {request.key}", score=round(score - 0.05 + 5 * noise(request.key), 4))
    if request.role == "debug":
        return {"cause": "it was broken", "code": f'wish = {{"score": {1.7 + noise(request.key)}}}'}
    variants = [{"part": p, "description": p, "code": f'wish = {{"score": {2.0 + noise(p)}}}'} for p in ("a", "b")]
    return {"variants": variants}


def no_findings(candidate: Candidate) -> list[CheckFinding]:
    """Find nothing wrong."""
    del candidate
    return []


def render(role: str, inputs: Inputs) -> tuple[Message, ...]:
    """Render a prompt that tells everything."""
    return (Message(role="user", content=f"{role} {inputs.model_dump_json(exclude={'brief': {'task': {'folder'}}})}"),)


@dataclass
class Bench:
    """One engine in a folder, and its fakes to look at afterwards."""

    folder: Path
    limits: Limits = field(default_factory=lambda: Limits(trials=12))
    backend: JournalBackend = field(default_factory=MemoryJournal)
    answers: Callable[[Request[Any]], Scripted] = propose
    check: Callable[[Candidate], list[CheckFinding]] = no_findings
    clock: Clock = field(default_factory=FakeClock)
    strategy: Strategy | None = None
    k: int = 3
    metric: Metric = RMSE
    max_repairs: int = 2
    repairer: Repairer | None = None
    """None asks the model."""
    grading: Grading = field(default_factory=FakeGrading)
    gate: bool = False
    """Whether the winner is checked."""
    strategy_name: str = "tree"
    """What the journal calls the strategy."""
    behaviour: Callable[[Command, Workspace, SandboxLimits], FakeResult] = behave
    """What a fake candidate does."""
    kinds: Mapping[str, Kind] = field(default_factory=lambda: {"script": ScriptKind()})
    render: Callable[[str, Inputs], tuple[Message, ...]] = render
    playbook: Model | None = None
    """Answers in the place of `answers`."""
    task: Task | None = None
    """None is a fake one without data."""
    views: ViewSource | None = None
    profile: DataProfile = field(default_factory=empty_profile)
    processes: Sandbox | None = None
    """A real sandbox in the place of the fake one."""
    warm: WarmPool | None = None
    rehearse: Rehearse = Rehearse.NEVER
    reseeds: int = RESEEDS
    """Fresh partitions that the noise is measured on."""
    known: History | None = None
    """What the backend holds, where it was read already."""

    def __post_init__(self) -> None:
        self.model = ScriptedModel(self.answers)
        self.sandbox = FakeSandbox(self.behaviour)

    def open(self) -> Run:
        """Return the run, started or resumed by what the journal holds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "private").mkdir(exist_ok=True)
        task = self.task or replace(regression_task(self.folder / "data", k=self.k), metric=self.metric)
        self.log = EventLog(self.backend, self.clock, history=self.known)
        self._begin(task)
        self.parts = Parts(
            folder=self.folder,
            task=task,
            profile=self.profile,
            machine=small_machine(),
            seed=7,
            log=self.log,
            objects=ObjectStore(self.folder / "objects"),
            views=self.views or FakeViews(self.folder / "views", self.k),
            grading=self.grading,
            sandbox=self.processes or self.sandbox,
            model=self.playbook or self.model,
            render=self.render,
            check=self.check,
            kinds=self.kinds,
            clock=self.clock,
            activities=Activities(self.clock),
            warm=self.warm,
        )
        budget = Budget(self.limits, self.log, self.clock, gate=self.gate)
        measurer = Measurer(self.parts, SandboxLimits(wall_s=60.0, memory_bytes=2**30), at_once=self.limits.workers)
        judge = Judge(self.parts, measurer, budget, reseeds=self.reseeds)
        delivery = Delivery(self.parts, measurer, budget)
        asks = ModelRepairer()
        repairer = self.repairer or asks
        evaluator = Evaluator(
            self.parts,
            measurer,
            judge,
            budget,
            repairer,
            delivery=delivery,
            max_repairs=self.max_repairs,
            attempts=Attempts(self.parts, measurer, judge, budget, rehearse=self.rehearse),
        )
        self.session = Session(self.parts, evaluator, budget)
        asks.attach(self.session)
        gate = Gate(self.parts, measurer, judge, budget) if self.gate else None
        finish = Finish(self.parts, measurer, judge, budget, delivery, gate)
        return Run(self.parts, self.session, self.strategy or Tree(TreeOptions(drafts=3)), finish)

    def _begin(self, task: Any) -> None:
        if self.log.read(lambda history: history.started) is not None:
            known = self.log.read(lambda history: history.limits)
            changed = self.limits if self.limits != known else None
            self.log.add(ev.RunResumed(sandbox="fake", limits=changed))
            return
        self.log.add(
            ev.RunStarted(
                run="bench",
                task=task,
                task_digest="d",
                strategy=self.strategy_name,
                model="scripted",
                seed=7,
                limits=self.limits,
                sandbox="fake",
            )
        )


def table(log: EventLog) -> dict[str, tuple[Any, ...]]:
    """Return the trial table by key: everything that must not depend on crashes."""
    history = log.read(lambda h: h)
    return {
        t.key: (t.title, t.operator, str(t.state), t.score, dict(t.scores), t.candidate, str(t.verdict), t.reason)
        for t in history.trials.values()
    }
