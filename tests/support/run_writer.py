"""Writes the journal of a run by hand, event by event, as the engine would."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.codec import encode
from assay.core.digest import canonical_json, digest_bytes, digest_json
from assay.core.execution import Execution, Outcome
from assay.core.metric import Direction, Metric, Needs
from assay.core.score import Provenance, Score
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.history import History
from assay.journal.objects import ObjectStore

START = 1_800_000_000.0

ROC_AUC = Metric(name="roc_auc", direction=Direction.HIGHER, needs=Needs.PROBABILITY, lower=0.0, upper=1.0)
RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0)
SMAPE = Metric(name="smape", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0)

SCRIPT = '''"""{title}."""

from pathlib import Path

import pandas as pd
from sklearn.pipeline import make_pipeline

train = pd.read_csv("input/train.csv")
test = pd.read_csv("input/test.csv")
{middle}
predictions = model.fit(train[features], train["target"]).predict(test[features])
Path("output").mkdir(exist_ok=True)
pd.DataFrame({{"id": test["id"], "target": predictions}}).to_csv("output/submission.csv", index=False)
'''


def tabular_task(metric: Metric, *, name: str = "house-prices", folds: int = 5) -> Task:
    """Return a small task with k folds and a sealed holdout."""
    problem = Problem.BINARY if metric.needs is Needs.PROBABILITY else Problem.REGRESSION
    return Task(
        name=name,
        folder=Path("/data") / name,
        statement="Predict the target of every row of test.csv.",
        problem=problem,
        data=DataFiles(train="train.csv", test="test.csv", sample="sample_submission.csv"),
        targets=("target",),
        id_column="id",
        metric=metric,
        output=OutputContract(needs=metric.needs, id_column="id", columns=("target",)),
        split=Split(kind=SplitKind.STRATIFIED if problem is Problem.BINARY else SplitKind.KFOLD, k=folds),
        data_digest="5e" * 32,
    )


@dataclass(frozen=True, kw_only=True)
class Idea:
    """What a story says about a candidate."""

    title: str
    operator: str = "draft"
    parents: tuple[int, ...] = ()
    plan: str = ""
    middle: str = "features = [c for c in test if c != 'id']\nmodel = make_pipeline()"
    counts: bool = True
    code: str = ""
    """The whole script, where `middle` does not do."""
    key: str = ""
    """Its key, where it is not a step's."""
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def candidate(self) -> Candidate:
        """Return the script."""
        code = self.code or SCRIPT.format(title=self.title, middle=self.middle)
        return Candidate(
            kind="script",
            files={"solution.py": code},
            entry="solution.py",
            title=self.title,
            plan=self.plan or f"{self.title}: it fits the shape of the data.",
            operator=self.operator,
            parents=self.parents,
        )


class RunWriter:
    """Appends events and keeps the history in step.

    Args:
        run: Name of the run.
        task: Its task.
        objects: Where candidates, logs and predictions are kept; None keeps digests only.
        model: Who answers.
        limits: Bounds of the run.
        seed: Seeds the fold noise.
    """

    def __init__(
        self,
        run: str,
        task: Task,
        *,
        objects: ObjectStore | None = None,
        model: str = "playbook",
        limits: Limits | None = None,
        seed: int = 7,
        sandbox: str = "T2",
        fold_rows: int = 400,
    ) -> None:
        self.events: list[Event] = []
        self.history = History()
        self.task = task
        self._objects = objects
        self._model = model
        self._rng = random.Random(seed)
        self._now = START
        self._fold_rows = fold_rows
        self._difficulty = [self._rng.gauss(0, 1) for _ in range(task.split.k)]
        self.add(
            ev.RunStarted(
                run=run,
                task=task,
                task_digest=digest_json(encode(replace(task, folder=Path()))),
                strategy="tree",
                model=model,
                seed=seed,
                limits=limits or Limits(trials=30, wall_s=600.0, workers=2),
                sandbox=sandbox,
                sandbox_description="user namespaces, Landlock and seccomp; no network",
                versions={"assay": "0.1.0", "python": "3.11.9", "scikit-learn": "1.7.2", "lightgbm": "4.6.0"},
                pid=4121,
            )
        )

    def add(self, payload: Payload) -> Event:
        """Append one event at the present time."""
        event = Event.after(self.events[-1] if self.events else None, time=self._now, payload=payload)
        self.events.append(event)
        self.history.apply(event)
        return event

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def ask(self, role: str, *, cost: Decimal | None = None, priced: bool = True, error: str = "") -> None:
        """Put a question and take its answer. Without `cost` the answer took no request, unless it is not `priced`."""
        key = f"{role}-{len(self.history.questions)}"
        request = digest_json(key)
        self.add(ev.Asked(key=key, role=role, request=request))
        latency = self._rng.uniform(2, 9) if cost is not None or not priced else 0.01
        self.wait(latency)
        usage = Usage()
        if cost is not None or not priced:
            usage = Usage(requests=1, input_tokens=5200, cached_tokens=1000, output_tokens=1400, cost_usd=cost)
        reply = "" if error else self._keep(canonical_json({"role": role}).encode())
        self.add(
            ev.Answered(
                key=key,
                role=role,
                request=request,
                reply=reply,
                model=self._model,
                usage=usage,
                latency_s=latency,
                error=error,
            )
        )

    def create(self, idea: Idea) -> int:
        """Create a trial and return its number."""
        number = self.history.next_trial
        candidate = idea.candidate()
        self.add(
            ev.TrialCreated(
                trial=number,
                key=idea.key or f"step-{number:04d}/trial",
                candidate=self._keep(canonical_json(encode(candidate)).encode()),
                title=candidate.title,
                operator=candidate.operator,
                plan=candidate.plan,
                parents=candidate.parents,
                recipe=idea.recipe,
                step=None if idea.key else number,
                counts=idea.counts,
            )
        )
        return number

    def run_fold(
        self,
        number: int,
        idea: Idea,
        view: str,
        value: float | None,
        *,
        outcome: Outcome = Outcome.OK,
        wall_s: float = 4.0,
        reported: float | None = None,
        attempt: int = 1,
        problems: tuple[str, ...] = (),
        log: str = "",
        rows: int | None = None,
    ) -> None:
        """Run a candidate on one view; grade it when `value` or `problems` is given."""
        code = idea.candidate().digest
        self.add(ev.AttemptStarted(trial=number, attempt=attempt, code=code, view=view))
        self.wait(wall_s)
        text = log or f"fitting {idea.title}\ndone\n"
        predictions = f"id,target\n0,{value}\n1,{number}\n".encode()
        wrote = value is not None or problems or view in ("sealed", "final")
        execution = Execution(
            outcome=outcome,
            exit_code=0 if outcome is Outcome.OK else 1,
            wall_s=wall_s,
            cpu_s=wall_s * 1.8,
            peak_memory_bytes=380_000_000 + 1_000_000 * number,
            log=self._keep(text.encode()),
            log_tail=text[-8000:],
            outputs={"submission.csv": self._keep(predictions)} if wrote else {},
            tier="T2",
        )
        self.add(ev.Executed(trial=number, attempt=attempt, code=code, view=view, execution=execution))
        if view == "sealed" or not wrote:
            return
        score = None
        if value is not None:
            score = Score(
                value=value,
                provenance=Provenance.GRADED,
                view=view,
                rows=self._fold_rows if rows is None else rows,
                partial=outcome is not Outcome.OK,
            )
        self.add(
            ev.Graded(
                trial=number, attempt=attempt, code=code, view=view, score=score, problems=problems, reported=reported
            )
        )

    def scored(
        self,
        idea: Idea,
        mean: float,
        *,
        spread: float = 0.004,
        jitter: float = 0.0008,
        wall_s: float = 4.0,
        claims: float | None = None,
        folds: int | None = None,
        flags: tuple[str, ...] = (),
        reason: str = "",
        role: str = "",
        cost: Decimal | None = None,
    ) -> int:
        """Run a trial that ends complete, with fold scores around `mean`; it is not judged yet.

        Args:
            idea: The candidate.
            mean: About the mean score.
            spread: How much folds differ, the same way for every trial.
            jitter: How much a trial's own folds stray from that.
            wall_s: About the seconds of a fold.
            claims: What the script says of itself on every fold.
            folds: Folds run; None runs all.
            flags: Remarks of checks.
            reason: Why it stopped early, if it did.
            role: Who was asked first, if anyone.
            cost: What that cost.
        """
        if role:
            self.ask(role, cost=cost)
        number = self.create(idea)
        values = [mean + spread * d + self._rng.gauss(0, jitter) for d in self._difficulty]
        for fold, value in enumerate(values[:folds]):
            self.run_fold(
                number,
                idea,
                f"fold-{fold}",
                round(value, 6),
                wall_s=wall_s * self._rng.uniform(0.9, 1.1),
                reported=claims,
            )
        measured = self.history.measurements(number)
        scores = {m.view: m.score.value for m in measured if m.score is not None}
        self.finish_trial(number, TrialState.COMPLETE, scores=scores, flags=flags, reason=reason)
        return number

    def finish_trial(
        self,
        number: int,
        state: TrialState,
        *,
        scores: Mapping[str, float] | None = None,
        reason: str = "",
        flags: tuple[str, ...] = (),
    ) -> None:
        """End a trial."""
        values = list((scores or {}).values())
        walls = [m.execution.wall_s for m in self.history.measurements(number) if m.execution]
        self.add(
            ev.TrialFinished(
                trial=number,
                state=state,
                candidate=self.history.trials[number].candidate,
                score=fmean(values) if values else None,
                std_error=stdev(values) / len(values) ** 0.5 if len(values) > 1 else None,
                folds=len(values),
                scores=scores or {},
                wall_s=fmean(walls) if walls else 0.0,
                reason=reason,
                flags=flags,
            )
        )

    def failed(self, idea: Idea, *, outcome: Outcome = Outcome.ERROR, reason: str, log: str = "") -> int:
        """Run a trial that fails on its first fold."""
        number = self.create(idea)
        self.run_fold(number, idea, "fold-0", None, outcome=outcome, wall_s=1.5, log=log or f"Traceback\n{reason}\n")
        self.finish_trial(number, TrialState.FAILED, reason=reason)
        return number

    def rejected(self, idea: Idea, *, reason: str) -> int:
        """Create a trial that a check rejects before it is run."""
        number = self.create(idea)
        self.add(ev.Judged(trial=number, verdict=Verdict.REJECTED, reasons=(reason,)))
        self.finish_trial(number, TrialState.REJECTED, reason=reason)
        return number

    def repaired(self, number: int, mended: Idea, *, cause: str, by: str = "heuristic") -> None:
        """Replace a failing candidate within its trial."""
        attempt = self.history.trials[number].attempts + 1
        record = self._keep(canonical_json(encode(mended.candidate())).encode())
        self.add(ev.Repaired(trial=number, attempt=attempt, candidate=record, cause=cause, by=by, signature="ab" * 32))

    def judge(
        self, number: int, verdict: Verdict, *, against: int | None = None, confirmed: bool | None = None
    ) -> None:
        """Judge a finished trial by its paired fold gains."""
        if against is None:
            self.add(ev.Judged(trial=number, verdict=verdict))
            return
        mine, rival = self.history.trials[number].scores, self.history.trials[against].scores
        gains = [self.task.metric.gain(mine[view], rival[view]) for view in sorted(set(mine) & set(rival))]
        effect = fmean(gains)
        half = 2.8 * stdev(gains) * (1 / len(gains) + 0.25) ** 0.5 if len(gains) > 1 else 0.0
        p = 0.004 if verdict is Verdict.REAL else 0.4
        self.add(
            ev.Judged(
                trial=number,
                verdict=verdict,
                against=against,
                effect=effect,
                low=effect - half,
                high=effect + half,
                p_value=p,
                adjusted_p=min(1.0, p * 3),
                same_sign=sum(gain > 0 for gain in gains),
                folds=len(gains),
                confirmed=confirmed,
                reasons=() if verdict is Verdict.REAL else ("inside the noise floor",),
            )
        )

    def submission(self, number: int, rows: int = 500) -> None:
        """Write a submission from a trial."""
        self.add(ev.SubmissionWritten(trial=number, digest=self._keep(f"id,target\n0,{number}\n".encode()), rows=rows))

    def open_seal(self, number: int, idea: Idea, value: float, half: float, *, rows: int = 300) -> None:
        """Run the winner on the sealed holdout and grade it."""
        self.run_fold(number, idea, "sealed", None, wall_s=6.0)
        score = Score(
            value=value,
            provenance=Provenance.GRADED,
            view="sealed",
            rows=rows,
            low=value - half,
            high=value + half,
            std_error=half / 1.96,
        )
        self.add(ev.SealedOpened(trial=number, score=score))

    def end(self, stopped_by: str, *, winner: int | None, exit_code: int = 0, shrunk: float | None = None) -> None:
        """Write the last event."""
        self.add(
            ev.RunFinished(
                stopped_by=stopped_by,
                exit_code=exit_code,
                winner=winner,
                shrunk_score=shrunk,
                wall_s=round(self.history.wall_s, 1),
                cost_usd=self.history.usage.cost_usd,
            )
        )

    def _keep(self, content: bytes) -> str:
        return digest_bytes(content) if self._objects is None else self._objects.put(content)
