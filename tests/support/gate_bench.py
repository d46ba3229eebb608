"""The validation gate on real tables, real views and the real grading process; Python functions stand in for scripts.

A script is a function of the training rows, the test rows and the seed that returns one prediction a test row.
"""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.clock import Clock, FakeClock
from assay.core.execution import Outcome
from assay.core.metric import Direction, Metric, Needs
from assay.core.reference import Reference
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.core.validation import Check
from assay.core.view import ViewKey
from assay.data.build import build_views
from assay.data.views import Views
from assay.engine.activities import Activities
from assay.engine.budget import Budget
from assay.engine.evaluate import Evaluator
from assay.engine.gate import Gate
from assay.engine.judging import Judge
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.engine.parts import CheckFinding, Parts
from assay.engine.plan import Plan
from assay.grading import Grader
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.journal.memory import MemoryJournal
from assay.journal.objects import ObjectStore
from assay.kinds import ScriptKind
from assay.models.scripted import ScriptedModel
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.tasks import empty_profile, small_machine

Rows = Sequence[Mapping[str, str]]
Script = Callable[[Rows, Rows, int], Sequence[object]]
FEATURES = ("x1", "x2", "x3")

ACCURACY = Metric(name="accuracy", direction=Direction.HIGHER, needs=Needs.LABELS, lower=0.0, upper=1.0)
MACRO_F1 = Metric(name="f1_macro", direction=Direction.HIGHER, needs=Needs.LABELS, lower=0.0, upper=1.0)
ROC_AUC = Metric(name="roc_auc", direction=Direction.HIGHER, needs=Needs.PROBABILITY, lower=0.0, upper=1.0)
MAE = Metric(name="mae", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0)
RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0)


@dataclass(frozen=True, kw_only=True)
class Data:
    """A table and how it is measured."""

    metric: Metric
    rate: float | None = None
    """Share of the label `yes`; None for numbers."""
    scale: float = 1.0
    """Of the numbers."""
    rows: int = 900
    skewed: bool = False
    """Whether the numbers are the exponentials of what the columns tell."""
    signal: float = 2.0
    """Weight of what the columns tell, over that of noise."""
    split: SplitKind = SplitKind.STRATIFIED
    seed: int = 3

    def table(self) -> list[dict[str, str]]:
        """Return the rows: three columns of which two tell of the target, a group, and the target's twin."""
        random = np.random.default_rng(self.seed)
        x = random.normal(size=(self.rows, 3))
        told = self.signal * (x[:, 0] - 0.5 * x[:, 1]) + random.normal(size=self.rows)
        told = np.exp(told) if self.skewed else told
        if self.rate is None:
            target = [f"{self.scale * value:.6e}" for value in told]
        else:
            target = ["yes" if value else "no" for value in told > np.quantile(told, 1 - self.rate)]
        return [
            {
                "id": str(1000 + row),
                **{name: f"{x[row, place]:.5f}" for place, name in enumerate(FEATURES)},
                "group": str(row % 30),
                "twin": target[row],
                "y": target[row],
            }
            for row in range(self.rows)
        ]

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return the classes with their rows, the largest first; none for numbers."""
        known = Counter(row["y"] for row in self.table()) if self.rate is not None else Counter[str]()
        return tuple(known.most_common())

    def task(self, folder: Path) -> Task:
        """Return the task of predicting `y` in `folder`."""
        problem = Problem.REGRESSION if self.rate is None else Problem.BINARY
        kind = SplitKind.KFOLD if self.rate is None and self.split is SplitKind.STRATIFIED else self.split
        return Task(
            name="gate",
            folder=folder,
            statement="Predict y.",
            problem=problem,
            data=DataFiles(train="train.csv"),
            targets=("y",),
            id_column="id",
            metric=replace(self.metric, params=(("positive", "yes"),)) if self.rate is not None else self.metric,
            output=OutputContract(
                needs=self.metric.needs,
                id_column="id",
                columns=("y",),
                classes=("no", "yes") if self.rate is not None else (),
            ),
            split=Split(
                kind=kind,
                k=1 if kind is SplitKind.HOLDOUT else 3,
                column="group" if kind is SplitKind.GROUP else None,
            ),
        )


class NearViews(Views):
    """Views built in this process: a child takes seconds to start and does nothing else."""

    def _run(self, keys: tuple[ViewKey, ...]) -> None:
        build_views(self._task, self._place, keys)


@dataclass
class GateBench:
    """A run that has come to its finish: a constant and the winner are trials, and the gate is at hand."""

    folder: Path
    grader: Grader
    data: Data
    winner: Script
    baseline: Script | None = None
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=FakeClock)
    wall_s: float = 0.0
    """Seconds that every script is said to take."""
    findings: tuple[CheckFinding, ...] = ()
    """What the static checks find."""
    code: str = ""
    """What stands in the winner's file below its name."""
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        """Write the data, open everything and evaluate the trials."""
        table, private = self.data.table(), self.folder / "private"
        private.mkdir(parents=True, mode=0o700)
        self.task = self.data.task(self.folder / "data")
        _write(self.task.folder / "train.csv", table)
        self.truth = {row["id"]: row["y"] for row in table}
        self.scripts: dict[str, Script] = {}
        self.sandbox = FakeSandbox(self._behave)
        self.log = EventLog(MemoryJournal(), self.clock)
        self._lock = threading.Lock()
        self.log.add(_started(self.task, self.limits))
        self.views = NearViews(self.task, self.folder / "views", private)
        self.parts = Parts(
            folder=self.folder,
            task=self.task,
            profile=replace(empty_profile(), target_counts=self.data.counts()),
            machine=small_machine(),
            seed=0,
            log=self.log,
            objects=ObjectStore(self.folder / "objects"),
            views=self.views,
            grading=self.grader,
            sandbox=self.sandbox,
            model=ScriptedModel(()),
            render=lambda role, inputs: (),
            check=lambda candidate: self.findings,
            kinds={"script": ScriptKind()},
            clock=self.clock,
            activities=Activities(self.clock),
            references=self.references,
        )
        self.budget = Budget(self.limits, self.log, self.clock, gate=True)
        self.measurer = Measurer(self.parts, SandboxLimits(wall_s=60.0, memory_bytes=2**30), at_once=2)
        self.judge = Judge(self.parts, self.measurer, self.budget)
        self.constant = self.evaluate("constant", constant(self.task), baseline=True)
        if self.baseline is not None:
            self.evaluate("boosting", self.baseline, baseline=True)
        self.trial = self.evaluate("winner", self.winner)
        """What the gate checks."""
        self.before = len(self.sandbox.started)

    @property
    def runs(self) -> int:
        """Scripts that were started after the search."""
        return len(self.sandbox.started) - self.before

    def evaluate(self, name: str, script: Script, *, baseline: bool = False) -> Trial:
        """Return the trial of a script on all folds."""
        self.scripts[name] = script
        candidate = Candidate(
            kind="script",
            files={"solution.py": f"{name}\n{self.code if name == 'winner' else ''}"},
            entry="solution.py",
            title=name,
            operator="baseline" if baseline else "draft",
        )
        history: History = self.log.pinned(1 << 62)
        evaluator = Evaluator(self.parts, self.measurer, self.judge, self.budget)
        return evaluator.evaluate(candidate, Plan(key=name, history=history, baseline=baseline, repair=False))

    def gate(self) -> Gate:
        """Return a gate as a new process would have it."""
        return Gate(self.parts, self.measurer, self.judge, self.budget)

    def check(self) -> dict[Check, ev.Validated]:
        """Let the gate work; return what it found."""
        self.gate().work(self.trial)
        return {one.check: one for one in self.log.read(lambda history: history.validated(self.trial.number))}

    def _behave(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        del limits
        name = (workspace.root / "solution.py").read_text(encoding="utf-8").split("\n")[0]
        shown = workspace.mounts[0].source
        train, test = _read(shown / "train.csv"), _read(shown / "test.csv")
        try:
            predicted = self.scripts[name](train, test, int(command.env["ASSAY_SEED"]))
        except ValueError as error:
            return FakeResult(outcome=Outcome.ERROR, exit_code=1, log=f"Traceback\nValueError: {error}\n")
        rows = [{"id": row["id"], "y": str(value)} for row, value in zip(test, predicted, strict=True)]
        _write(workspace.root / "output" / "submission.csv", rows)
        return FakeResult(wall_s=self.wall_s)


def constant(task: Task) -> Script:
    """Return the script that predicts one value for all rows, as the metric needs it."""

    def predict(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        del seed
        labels = [row["y"] for row in train]
        if task.output.needs is Needs.LABELS:
            return [max(sorted(set(labels)), key=labels.count)] * len(test)
        if task.output.needs is Needs.PROBABILITY:
            return [labels.count("yes") / len(labels)] * len(test)
        return [sum(map(float, labels)) / len(labels)] * len(test)

    return predict


def linear(needs: Needs, *, noise: float = 0.0, columns: int = 3, log: bool = False) -> Script:
    """Return an honest script: least squares on the columns, which the seed may disturb.

    Args:
        needs: What to predict.
        noise: Weight of what the seed adds to the predictions, over their spread.
        columns: How many of the columns it looks at.
        log: Whether it learns the logarithm of the target.
    """

    def predict(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        target = np.array([_value(row["y"]) for row in train])
        target = np.log(target) if log else target
        slopes, *_ = np.linalg.lstsq(_columns(train)[:, : columns + 1], target, rcond=None)
        told = _columns(test)[:, : columns + 1] @ slopes
        told = told + noise * target.std() * np.random.default_rng(seed).normal(size=len(told))
        return _as_needed(needs, np.exp(told) if log else told, target)

    return predict


def nearest(needs: Needs) -> Script:
    """Return an honest script that learns by heart: the target of the nearest training row."""

    def predict(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        del seed
        target = np.array([_value(row["y"]) for row in train])
        far = ((_columns(test)[:, None, :] - _columns(train)[None, :, :]) ** 2).sum(axis=2)
        return _as_needed(needs, target[far.argmin(axis=1)], target)

    return predict


def knows(answers: Mapping[str, str], needs: Needs) -> Script:
    """Return a script in which the labels are written: it asks no training row."""

    def predict(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        del seed
        del train
        return [_known(answers[row["id"]], needs) for row in test]

    return predict


def copies(column: str, needs: Needs) -> Script:
    """Return a script that takes a column for the answer, without learning what it means."""

    def predict(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        del seed
        del train
        return [_known(row[column], needs) for row in test]

    return predict


def _known(text: str, needs: Needs) -> object:
    return text if needs is Needs.LABELS else _value(text)


def _as_needed(needs: Needs, told: Any, target: Any) -> Sequence[object]:
    if needs is Needs.LABELS:
        border = np.quantile(told, 1.0 - target.mean())  # as many as there were: a rare class is not given up
        return ["yes" if value > border else "no" for value in told]
    if needs is Needs.PROBABILITY:
        return [float(min(1.0, max(0.0, value))) for value in told]
    return [float(value) for value in told]


def _columns(rows: Rows) -> Any:
    return np.array([[1.0, *(float(row[name]) for name in FEATURES)] for row in rows])


def _value(text: str) -> float:
    return {"yes": 1.0, "no": 0.0}[text] if text in ("yes", "no") else float(text)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _started(task: Task, limits: Limits) -> ev.RunStarted:
    return ev.RunStarted(
        run="gate",
        task=task,
        task_digest="",
        strategy="none",
        model="scripted",
        seed=0,
        limits=limits,
        sandbox="fake",
    )
