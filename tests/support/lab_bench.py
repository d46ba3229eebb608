"""A lab over a small repository: scripted answers, real experiments, and a clock that makes waiting short."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.core.finish_plan import FinishPlan
from assay.core.task import Task
from assay.engine.activities import Activities
from assay.engine.budget import Budget
from assay.engine.disk_room import Room, free_and_all
from assay.engine.jobs import Jobs
from assay.engine.log import EventLog
from assay.engine.parts import Parts
from assay.engine.run import Run
from assay.engine.session import Session
from assay.engine.ungraded import NO_DATA, NoGrading, NoViews, UngradedFinish
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.kinds import CommandKind
from assay.models.base import Model, Request
from assay.models.scripted import Scripted, ScriptedModel
from assay.operators.rendering import Prompts
from assay.strategies.lab import Lab, lab_task
from assay.strategies.lab.memory import Noted, noted_cycles
from support.job_bench import shared_sandbox
from support.real_engine import limited
from support.tasks import small_machine

TRAIN = """\
echo "starts with $1"
case "$1" in
  slow) while [ ! -e go ]; do sleep 0.1; done; set -- 0.6 ;;
  nan) echo "loss=NaN"; sleep 60 ;;
  fail) echo "Traceback: it failed" >&2; exit 3 ;;
  config) set -- "$(sed -n 's/^score: //p' "$2")" ;;
esac
case "$1" in [0-9]*) ;; *) echo "ValueError: unknown score: $1" >&2; exit 4 ;; esac
printf '{"acc": %s}' "$1" > metrics.json
"""
"""An experiment that costs next to nothing: it reports its argument."""
LAB = """\
mission = "Raise acc."
command = "sh train.sh 0.5"
time = "50s"
files = ["train.sh"]
[metric]
name = "acc"
direction = "max"
file = "metrics.json"
[forbidden]
"other people's models" = ["torchvision"]
"""
WHY = "the last results say that this is the thing to try"


class QuickClock:
    """The machine's clock, but what is measured and waited for passes `times` as fast."""

    def __init__(self, times: float = 40.0) -> None:
        self._times = times
        self._real = SystemClock()

    def now(self) -> float:
        return self._real.now()

    def monotonic(self) -> float:
        return self._real.monotonic() * self._times

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds / self._times)


def run(score: object, label: str = "", **fields: Any) -> dict[str, Any]:
    """Return the worker's decision to run the experiment that reports `score`."""
    command = fields.pop("command", f"sh train.sh {score}")
    return {"action": "run", "rationale": WHY, "command": command, "label": label or f"score {score}", **fields}


def act(action: str, **fields: Any) -> dict[str, Any]:
    """Return a decision to wait, stop or finish."""
    return {"action": action, "rationale": WHY, "monitor_s": 15, **fields}


def calm() -> dict[str, Any]:
    """Return a review that changes nothing."""
    critique = "The experiments so far lead towards the goal."
    return {"trajectory": "on_track", "recommendation": "continue", "critique": critique}


def repository(folder: Path, more: str = "", files: Mapping[str, str] | None = None) -> Path:
    """Write a repository without git in `folder`; `more` is put before the tables of its `lab.toml`."""
    folder.mkdir(parents=True, exist_ok=True)
    head, _, tables = LAB.partition("[metric]")
    told = {"train.sh": TRAIN, "lab.toml": f"{head}{more}\n[metric]{tables}", **(files or {})}
    for name, text in told.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


Answer = Callable[[Request[Any]], Scripted]


def in_order(*worker: Scripted, mentor: Answer | None = None) -> Answer:
    """Return a function that answers the worker's question of cycle n with the n-th; after the last it finishes."""

    def answer(request: Request[Any]) -> Scripted:
        if request.role == "lab_mentor":
            return mentor(request) if mentor is not None else calm()
        inputs: Any = request.inputs
        cycle = inputs.view.cycle
        return worker[cycle - 1] if cycle <= len(worker) else act("finish")

    return answer


@dataclass
class LabBench:
    """One engine process of a lab in a folder; opened again on the same folder it is a resumed one."""

    folder: Path
    repo: Path
    answers: Answer
    limits: Limits = field(default_factory=Limits)
    backend: JournalBackend | None = None
    clock: QuickClock = field(default_factory=QuickClock)
    plan: FinishPlan | None = None
    strategy: Lab = field(default_factory=lambda: Lab("off"))
    asked: Callable[[ScriptedModel], Model] = lambda model: model
    """Puts something between the lab and its scripted answers."""
    python: Path | None = None
    """Interpreter of the experiments; None for that of the tests."""
    disk: Callable[[Path], tuple[int, int]] = free_and_all
    """Measures the free and all bytes of the disk."""

    def work(self) -> ev.RunFinished:
        """Work until the lab ends; return the last event."""
        return self.open().work()

    def open(self) -> Run:
        """Return the run, started or resumed by what the journal holds."""
        (self.folder / "private").mkdir(parents=True, exist_ok=True)
        self.model = ScriptedModel(self.answers)
        self.log = EventLog(self.backend or FileJournal(self.folder / "events.jsonl"), self.clock)
        task = lab_task(self.repo)
        self._begin(task)
        self.parts = Parts(
            folder=self.folder,
            task=task,
            profile=NO_DATA,
            machine=small_machine(),
            seed=0,
            log=self.log,
            objects=ObjectStore(self.folder / "objects"),
            views=NoViews(),
            grading=NoGrading(),
            sandbox=shared_sandbox(),
            model=self.asked(self.model),
            render=Prompts().render,
            check=lambda candidate: (),
            kinds={"command": CommandKind()},
            clock=self.clock,
            activities=Activities(self.clock),
            python=self.python,
            secrets=(self.folder / "private", self.folder / "events.jsonl"),
            hidden=(self.repo,),
        )
        budget = Budget(self.limits, self.log, self.clock)
        stopped = self.parts.activities
        room = Room(self.log, self.clock, self.folder, is_over=lambda: stopped.stopped, measure=self.disk)
        jobs = Jobs(self.parts, budget, limited(wall_s=60.0), room)
        self.session = Session(self.parts, None, budget, jobs)
        return Run(self.parts, self.session, self.strategy, UngradedFinish())

    @property
    def history(self) -> History:
        """The journal as of now."""
        return self.log.read(lambda history: history)

    @property
    def cycles(self) -> list[Noted]:
        """Every cycle that was closed."""
        return noted_cycles(self.history.notes, upto=10_000, last=None)

    def log_events(self) -> Sequence[ev.Event]:
        """Return every event so far."""
        return FileJournal(self.folder / "events.jsonl").read()

    def told(self, cycle: int, role: str = "lab_worker") -> Any:
        """Return what a role was told in a cycle."""
        found: list[Any] = [r.inputs for r in self.model.requests if r.role == role]
        return next(inputs for inputs in found if inputs.view.cycle == cycle)

    def _begin(self, task: Task) -> None:
        if self.log.read(lambda history: history.started) is not None:
            known = self.log.read(lambda history: history.limits)
            self.log.add(ev.RunResumed(sandbox="off", limits=self.limits if self.limits != known else None))
            return
        self.log.add(
            ev.RunStarted(
                run="bench",
                task=task,
                task_digest="",
                strategy="lab",
                model="scripted",
                seed=0,
                limits=self.limits,
                sandbox="off",
            )
        )
        if self.plan is not None:
            self.log.add(ev.FinishPlanned(plan=self.plan))
