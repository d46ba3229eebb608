"""What stands in for a model, for executions, and where the data are gone for data and grades: the record alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.codec import decode
from assay.core.errors import IntegrityError, ModelError
from assay.core.execution import Execution, Outcome
from assay.core.task import SplitKind, Task
from assay.core.trial import TrialState
from assay.core.view import View, ViewKey, ViewKind
from assay.core.weakness import Weaknesses
from assay.data import Views
from assay.engine.attempts import Attempt, Attempts
from assay.engine.blending import BLEND_KEY
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.noise import RESEEDS
from assay.engine.parts import Parts
from assay.engine.plan import Plan
from assay.engine.remarks import Remarks
from assay.grading import Blend, Grade, Graded, Invalid, Mixed, PredictionStats
from assay.journal import events as ev
from assay.journal.history import History, Measurement, Trial
from assay.journal.objects import ObjectStore
from assay.models.base import Answer, Request
from assay.ship.replay_found import Difference

_OF_PREDICTIONS = ("L10", "L11")
"""Codes of remarks that come from looking at predictions."""
_NOT_RECORDED = "the record holds no such execution"


class NoModel:
    """Answers nothing: what the record does not hold, nobody is asked."""

    name = "recorded"

    def answer(self, request: Request[Any]) -> Answer[Any]:
        """Raise: the question is not in the record (E305)."""
        raise ModelError("E305", f"the record holds no answer to {request.key!r}", fix="assay rerun")


class LastingObjects(ObjectStore):
    """Reads what the run kept, and writes elsewhere: a replay leaves the run's folder as it is.

    Args:
        kept: The run's objects.
        own: Where new ones go.
        absent: Folder of the paths that are given for files which are gone, for readers that do not open them; None
            raises instead.
    """

    def __init__(self, kept: Path, own: Path, *, absent: Path | None = None) -> None:
        super().__init__(own)
        self._lasting = ObjectStore(kept)
        self._absent = absent

    def path(self, digest: str) -> Path:
        """Return where the object is, or would be."""
        try:
            return super().path(digest)
        except IntegrityError:
            try:
                return self._lasting.path(digest)
            except IntegrityError:
                if self._absent is None:
                    raise
                return self._absent / digest

    def get(self, digest: str) -> bytes:
        """Return the content of an object."""
        try:
            return super().get(digest)
        except IntegrityError:
            return self._lasting.get(digest)


# --- in the place of data and labels ----------------------------------------------------------------------------------


class RecordedViews(Views):
    """The views of a run whose data are gone: they have their names, and nothing can be read of them.

    Args:
        task: The run's.
        scratch: Nothing lies in it.
        record: Says which views there were.
    """

    def __init__(self, task: Task, scratch: Path, record: History) -> None:
        super().__init__(task, scratch / "views", scratch / "private")
        self._prepared = task.split.kind is SplitKind.PREPARED
        self._nowhere = scratch / "absent"
        self._seen = {measurement.view for measurement in record.all_measurements()}

    def final_key(self) -> ViewKey | None:
        """Return the final view, or None if nothing was predicted on it."""
        key = ViewKey(kind=ViewKind.FINAL)
        if self._prepared:
            return key if key.name in self._seen else None
        return super().final_key()

    def build(self, key: ViewKey) -> View:
        """Return the view, of which nothing is there."""
        hidden = key.kind not in (ViewKind.FINAL, ViewKind.REHEARSAL)
        answers = self._nowhere / "answers.csv" if hidden else None
        return View(key=key, input=self._nowhere, answers=answers, train_rows=0, test_rows=0)


class RecordedGrading:
    """Says what the record says was graded.

    Args:
        record: The run's journal as tables.
        odd: Gets what is asked for otherwise than it was recorded.
    """

    def __init__(self, record: History, odd: list[Difference]) -> None:
        self._record = record
        self._odd = odd

    def grade(self, task: Task, view: View, predictions: Path) -> Grade:
        """Return that the record holds no grade; those that it holds are never asked for again."""
        return Invalid(problems=("the record holds no grade of it",))

    def grade_with_interval(self, task: Task, view: View, predictions: Path) -> Grade:
        """Return the sealed score, which was opened once."""
        sealed = self._record.sealed
        if sealed is None or sealed.score is None:
            return Invalid(problems=sealed.problems if sealed is not None else ("the record holds no grade of it",))
        return Graded(score=sealed.score)

    def validate(self, task: Task, view: View, predictions: Path) -> tuple[str, ...]:
        """Return what was wrong with these predictions; of a mix of several, whether it was handed in."""
        for measurement in self._record.all_measurements():
            execution = measurement.execution
            if measurement.view == view.key.name and execution and predictions.name in execution.outputs.values():
                return measurement.problems
        written = self._record.submission
        blend = written is not None and self._record.trials[written.trial].operator == "blend"
        return () if blend else ("the record holds no such submission",)

    def stats(self, task: Task, view: View, predictions: Path) -> PredictionStats | Invalid:
        """Return that nobody can look at the predictions."""
        return Invalid(problems=("the predictions are not here",))

    def blend(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Mapping[str, Path]]]
    ) -> Blend:
        """Return the recorded mix; that other trials were to be mixed is a difference."""
        found = self._blend()
        if found is None:
            return Blend(weights={})
        then, now = sorted({*found.weights, *found.left_out}), sorted(members)
        if then != now:
            self._odd.append(Difference(what="blend", where="members", then=_numbers(then), now=_numbers(now)))
        return found

    def weaknesses(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Path]]
    ) -> Weaknesses | None:
        """Return that nothing can be said; what was said is in the record's notes."""
        return None

    def combine(
        self, task: Task, view: View, blend: Blend, members: Mapping[int, Mapping[str, Path]], into: Path
    ) -> Mixed:
        """Return a file without rows: what was in it only a grade tells, and that is recorded."""
        file = into / "mixed.csv"
        file.touch()
        return Mixed(file=file)

    def _blend(self) -> Blend | None:
        blends = [trial for trial in self._record.trials.values() if trial.operator == "blend"]
        if blends:
            return decode(Blend, max(blends, key=lambda trial: trial.number).recipe["blend"])
        notes = [value for key, value in self._record.notes.items() if key.startswith(BLEND_KEY)]
        return decode(Blend, notes[-1]) if notes else None


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers) or "none"


# --- in the place of executions --------------------------------------------------------------------------------------


class RecordedMeasurer(Measurer):
    """Knows the record's executions and runs nothing: what it does not hold was stopped before it began."""

    def _execute(
        self,
        trial: int,
        attempt: int,
        candidate: Candidate,
        key: ViewKey,
        seed: int,
        wall_s: float | None,
        most_s: float | None,
        *,
        live: bool,
    ) -> None:
        log, code = self._parts.log, candidate.digest
        stopped = Execution(outcome=Outcome.STOPPED, detail=_NOT_RECORDED)
        log.add(ev.AttemptStarted(trial=trial, attempt=attempt, code=code, view=key.name, seed=seed))
        log.add(ev.Executed(trial=trial, attempt=attempt, code=code, view=key.name, seed=seed, execution=stopped))


class RecordedJudge(Judge):
    """Judges on the fresh partitions that the record had when it judged: what they may cost, the clock decided then.

    Args:
        parts: As of `Judge`.
        measurer: As of `Judge`.
        budget: As of `Judge`.
        record: The run's journal as tables.
    """

    def __init__(self, parts: Parts, measurer: Measurer, budget: Budget, record: History) -> None:
        super().__init__(parts, measurer, budget)
        self._record = record

    def _reseeds(self, trial: Trial) -> list[int]:
        noise = self._record.noise
        return list(range(1, 1 + min(RESEEDS, noise.reseeds if noise is not None else 0)))

    def _affordable(self, trial: Trial, best: Trial, seed: int) -> bool:
        then = self._record.trials.get(trial.number)
        if then is None or trial.state.is_final:  # the second is judged again later, with all that came until then
            return True
        code = self._parts.objects.candidate(trial.candidate).digest
        known = [self._record.measurement(code, key.name, seed) for key in self._parts.views.fold_keys(seed)]
        return all(m is not None and m.execution is not None and m.ended <= then.finished for m in known)


class RecordedDelivery(Delivery):
    """Says what would be handed in; the predictions themselves are not here."""

    def write(self, trial: int, predictions: Path) -> None:
        """Journal that the predictions of `trial` are the submission."""
        written = self._parts.log.read(lambda history: history.submission)
        told = ev.SubmissionWritten(trial=trial, digest=predictions.name, rows=0)
        if told != written:
            self._parts.log.add(told)


class RecordedAttempts(Attempts):
    """Takes candidates through what the record holds of them.

    Args:
        parts: As of `Attempts`.
        measurer: Runs nothing.
        judge: Keeps to the record.
        budget: Without a limit.
        record: The run's journal as tables.
    """

    def __init__(self, parts: Parts, measurer: Measurer, judge: Judge, budget: Budget, record: History) -> None:
        super().__init__(parts, measurer, judge, budget)
        self._record = record

    def run(self, trial: Trial, candidate: Candidate, attempt: int, plan: Plan, *, live: bool) -> Attempt:
        """Return the attempt; where the clock let no further fold begin, it ended there, as recorded."""
        result = super().run(trial, candidate, attempt, plan, live=live)
        then = self._record.trials.get(trial.number)
        ended = then is not None and then.state is TrialState.COMPLETE and then.folds == len(result.measurements)
        return replace(result, stopped=False, raced=then.reason) if then and ended and result.stopped else result


class RecordedRemarks(Remarks):
    """Says of predictions that are gone what the record says.

    Args:
        parts: As of `Remarks`.
        measurer: Runs nothing.
        record: The run's journal as tables.
    """

    def __init__(self, parts: Parts, measurer: Measurer, record: History) -> None:
        super().__init__(parts, measurer)
        self._record = record

    def oddities(self, measurement: Measurement) -> list[str]:
        """Return the recorded remarks on the predictions."""
        then = self._record.trials.get(measurement.trial)
        return [flag for flag in then.flags if flag.startswith(_OF_PREDICTIONS)] if then is not None else []
