"""A whole engine with nothing fake in it: real sandbox, views, grader, journal and checks, on a small table.

Candidates are given as the end of a script whose beginning reads the view and makes honest predictions.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.clock import SystemClock
from assay.core.metric import Direction, Metric, Needs
from assay.core.profile import DataProfile
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.core.trial import TrialState
from assay.core.view import View
from assay.data.views import Views
from assay.engine.activities import Activities
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.evaluate import Evaluator
from assay.engine.judging import Judge
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.engine.noise import RESEEDS
from assay.engine.parts import CheckFinding, Parts, Repairer
from assay.engine.session import Session
from assay.engine.static import check_any
from assay.grading.service import Grader
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import Measurement, Trial
from assay.journal.objects import ObjectStore
from assay.kinds import NotebookKind, ScriptKind
from assay.models.base import Model
from assay.models.scripted import ScriptedModel
from assay.operators.rendering import Prompts
from assay.operators.repair import TieredRepairer
from assay.sandbox import open_sandbox
from assay.sandbox.base import Sandbox, SandboxLimits
from assay.sandbox.choose import Mode
from support.tasks import empty_profile, small_machine

TARGET = "gültig"
CANARY = "sk-canary-5be1f0"
"""A secret of the engine's environment that no candidate may see."""
ROC_AUC = Metric(name="roc_auc", direction=Direction.HIGHER, needs=Needs.PROBABILITY, lower=0.0, upper=1.0)

PRELUDE = """\
import csv
import math
import os
import sys
import time

TARGET = "gültig"
WEIGHTS = {"größe": 1.0, "x2": 1.0}


def read(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def fit(rows):
    model = []
    for name, weight in WEIGHTS.items():
        no, yes = ([float(row[name]) for row in rows if row[TARGET] == label] for label in ("0", "1"))
        low, high = sum(no) / len(no), sum(yes) / len(yes)
        spread = sum((v - low) ** 2 for v in no) + sum((v - high) ** 2 for v in yes)
        model.append((name, (low + high) / 2, weight * (high - low) * len(rows) / spread))
    return model


def predict(model, rows):
    sums = [sum(slope * (float(row[name]) - middle) for name, middle, slope in model) for row in rows]
    return [1 / (1 + math.exp(-value)) for value in sums]


def write(pairs, path="output/submission.csv", encoding="utf-8", end="\\n"):
    with open(path, "w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, lineterminator=end)
        writer.writerow(["id", TARGET])
        writer.writerows(pairs)


def attempt(action):
    try:
        found = action()
    except OSError as error:
        print("stopped:", type(error).__name__)
        return None
    print("worked:", repr(found)[:2000])
    return found


train, test = read("input/train.csv"), read("input/test.csv")
ids = [row["id"] for row in test]
predictions = list(zip(ids, predict(fit(train), test)))
"""
"""Reads the view and makes honest predictions, but does not write them; the standard library only, to start fast."""


def write_data(folder: Path, *, rows: int = 400, tests: int = 60, seed: int = 5, leak: bool = True) -> None:
    """Write a table with two telling columns, a useless one, and perhaps one that gives the target away."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    ids = rng.sample(range(1_000, 9_999), rows + tests)
    header = ["id", "größe", "x2", "ort", "geleakt", TARGET]
    table = []
    for number in ids:
        x1, x2 = rng.gauss(0, 1), rng.gauss(0, 1)
        label = int(rng.random() < 1 / (1 + math.exp(-1.6 * x1 - 0.9 * x2)))
        given_away = "ja" if leak and label else "nein"
        table.append([number, f"{x1:.5f}", f"{x2:.5f}", rng.choice(["Köln", "Łódź", "東京"]), given_away, label])
    _write(folder / "train.csv", header, table[:rows])
    _write(folder / "test.csv", header[:-1], [row[:-1] for row in table[rows:]])


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def binary_task(folder: Path, *, k: int = 2) -> Task:
    """Return the task of predicting the target of `write_data` in `folder`; one fold is a hold-out."""
    return Task(
        name="toy",
        folder=folder,
        statement="Predict the probability that a row is valid.",
        problem=Problem.BINARY,
        data=DataFiles(train="train.csv", test="test.csv"),
        targets=(TARGET,),
        id_column="id",
        metric=ROC_AUC,
        output=OutputContract(needs=Needs.PROBABILITY, id_column="id", columns=(TARGET,), classes=("0", "1")),
        split=Split(kind=SplitKind.STRATIFIED if k > 1 else SplitKind.HOLDOUT, k=k),
    )


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What became of one candidate."""

    trial: Trial
    measurements: tuple[Measurement, ...]
    """On the search folds, in fold order as far as it got."""

    @property
    def state(self) -> TrialState:
        """The trial's final state."""
        return self.trial.state

    @property
    def scores(self) -> Mapping[str, float]:
        """Fold to counted score."""
        return self.trial.scores

    @property
    def log(self) -> str:
        """The end of what it printed, on all folds."""
        return "\n".join(m.execution.log_tail for m in self.measurements if m.execution)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How its processes ended."""
        return tuple(str(m.execution.outcome) for m in self.measurements if m.execution)

    @property
    def codes(self) -> set[str]:
        """The codes that open its flags."""
        return {word for flag in self.trial.flags for word in flag.split()[:2] if word[1:].isdigit()}


@dataclass
class RealEngine:
    """One engine in a folder; `evaluate` sends a candidate through all of it.

    Every candidate is raced and judged against the honest baseline alone, so that the order of tests does not matter.
    """

    folder: Path
    stack: ExitStack
    mode: Mode = "auto"
    profile: DataProfile = field(default_factory=empty_profile)
    k: int = 2
    """Search folds; 1 is a hold-out."""
    reseeds: int = RESEEDS
    """Fresh partitions that the noise is measured on."""
    opened: Sandbox | None = None
    """A sandbox that is open already and that somebody else closes."""
    bounds: SandboxLimits = field(default_factory=lambda: limited())
    """Of one execution, where a test names no others."""

    def __post_init__(self) -> None:
        """Open everything and evaluate the baseline."""
        data, private, self.clock = self.folder / "data", self.folder / "private", SystemClock()
        write_data(data)
        private.mkdir(mode=0o700)
        self.task = binary_task(data, k=self.k)
        self.sandbox = self.opened or open_sandbox(self.mode)
        if self.opened is None:
            self.stack.callback(self.sandbox.close)
        self.views = Views(self.task, self.folder / "views", private)
        self.grader = self.stack.enter_context(Grader(private))
        self.log = EventLog(FileJournal(self.folder / "events.jsonl"), self.clock)
        self.log.add(self._started())
        self._count = 0
        self.baseline = self.evaluate("write(predictions)", baseline=True)
        self.start = self.log.pinned(1 << 62)

    @property
    def honest(self) -> Mapping[str, float]:
        """What the prelude's predictions score, by fold."""
        return self.baseline.scores

    def answers(self, fold: int = 0) -> Path:
        """Return where the private answers of a fold are."""
        answers = self.view(fold).answers
        if answers is None:
            raise LookupError(f"fold {fold} has no answers")
        return answers

    def view(self, fold: int = 0) -> View:
        """Return a search fold."""
        return self.views.build(self.views.fold_keys()[fold])

    def evaluate(
        self,
        body: str,
        *,
        files: Mapping[str, str] | None = None,
        check: Callable[[Candidate], Sequence[CheckFinding]] | None = None,
        limits: SandboxLimits | None = None,
        whole: bool = False,
        baseline: bool = False,
    ) -> Tried:
        """Evaluate the prelude followed by `body`.

        Args:
            body: The end of the script.
            files: Further files of the candidate.
            check: Static checks in place of the real ones.
            limits: Bounds of one execution.
            whole: Whether `body` is the whole script.
            baseline: Whether it is what others are measured against.
        """
        self._count += 1
        key = f"candidate-{self._count:03d}"
        source = f"{'' if whole else PRELUDE}{body}\n# {key}\n"
        candidate = Candidate(
            kind="script", files={"solution.py": source, **(files or {})}, entry="solution.py", title=key
        )
        options: dict[str, Any] = {"baseline": True} if baseline else {"history": self.start}
        return self._tried(key, candidate, self._session(check or self._check, limits or self.bounds), options)

    def try_candidate(
        self,
        candidate: Candidate,
        *,
        limits: SandboxLimits | None = None,
        repairer: Repairer | None = None,
        check: Callable[[Candidate], Sequence[CheckFinding]] | None = None,
        cell_s: float | None = None,
        model: Model | None = None,
        most_folds: int | None = None,
        key: str = "",
    ) -> Tried:
        """Evaluate a candidate of any kind.

        Args:
            candidate: What to evaluate.
            limits: Bounds of one execution.
            repairer: Mends it when it fails, at most twice.
            check: Static checks in place of the real ones.
            cell_s: Most seconds of one cell of a notebook.
            model: Answers what a repairer asks.
            most_folds: Search folds to run at most.
            key: Of the trial; a new one if empty.
        """
        self._count += 1
        session = self._session(
            check or self._check, limits or self.bounds, repairer=repairer, cell_s=cell_s, model=model
        )
        key = key or f"candidate-{self._count:03d}"
        return self._tried(key, candidate, session, {"history": self.start, "most_folds": most_folds})

    def session(
        self, check: Callable[[Candidate], Sequence[CheckFinding]], model: Model, repairer: Repairer | None = None
    ) -> Session:
        """Return a session for a strategy, in which `model` answers and `check` stands for the static checks."""
        return self._session(check, self.bounds, repairer=repairer, model=model)

    def parts(self, *, cell_s: float | None = None) -> Parts:
        """Return what the engine is put together from."""
        return self._session(self._check, self.bounds, cell_s=cell_s).parts

    def _tried(self, key: str, candidate: Candidate, session: Session, options: dict[str, Any]) -> Tried:
        trial = session.evaluate(key, candidate, **options)
        names = [view.name for view in self.views.fold_keys()]
        ran = self.log.read(lambda history: history.measurements(trial.number))
        return Tried(trial=trial, measurements=tuple(m for m in ran if m.view in names))

    def _check(self, candidate: Candidate) -> Sequence[CheckFinding]:
        return check_any(candidate, self.task, self.profile)

    def _session(
        self,
        check: Callable[[Candidate], Sequence[CheckFinding]],
        limits: SandboxLimits,
        *,
        repairer: Repairer | None = None,
        cell_s: float | None = None,
        model: Model | None = None,
    ) -> Session:
        parts = Parts(
            folder=self.folder,
            task=self.task,
            profile=self.profile,
            machine=small_machine(),
            seed=0,
            log=self.log,
            objects=ObjectStore(self.folder / "objects"),
            views=self.views,
            grading=self.grader,
            sandbox=self.sandbox,
            model=model or ScriptedModel(()),
            render=Prompts(overrides=self.folder / "prompts").render,
            check=check,
            kinds={"script": ScriptKind(), "notebook": NotebookKind(cell_s=cell_s)},
            clock=self.clock,
            activities=Activities(self.clock),
            secrets=(self.folder / "private", self.folder / "events.jsonl"),
            hidden=(self.task.folder,),
        )
        budget = Budget(Limits(), self.log, self.clock)
        measurer = Measurer(parts, limits)
        judge = Judge(parts, measurer, budget, reseeds=self.reseeds)
        delivery = Delivery(parts, measurer, budget)
        evaluator = Evaluator(parts, measurer, judge, budget, repairer, delivery=delivery)
        session = Session(parts, evaluator, budget)
        if isinstance(repairer, TieredRepairer):
            repairer.attach(session)
        return session

    def _started(self) -> ev.RunStarted:
        return ev.RunStarted(
            run="toy",
            task=self.task,
            task_digest="",
            strategy="none",
            model="scripted",
            seed=0,
            limits=Limits(),
            sandbox=self.sandbox.tier,
        )


def limited(**changes: Any) -> SandboxLimits:
    """Return bounds of one execution that no honest candidate of these tests comes near, with `changes`."""
    bounds: dict[str, Any] = {"wall_s": 60.0, "memory_bytes": 2**30, "threads": 2, "processes": 128, **changes}
    return SandboxLimits(**bounds)


def hidden(text: object) -> str:
    """Return an expression for `text` that no static check reads."""
    return f"bytes.fromhex({str(text).encode().hex()!r}).decode()"
