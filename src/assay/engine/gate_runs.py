"""Gate runs: the winner once more, on search folds as the validation gate twists them, within the gate's own time."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, stdev

from assay.core.candidate import Candidate
from assay.core.errors import AssayError
from assay.core.execution import Outcome
from assay.core.score import Score
from assay.core.task import SplitKind
from assay.core.view import Twist, ViewKey
from assay.engine.budget import Budget
from assay.engine.gate_findings import Shuffle
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.prediction_files import in_random_order
from assay.grading import Graded
from assay.journal.history import Measurement, Trial

NO_TIME = "no time left"
VIEW_S = 2.0
"""Seconds that building views of their own is expected to take; those of other folds are there."""
MIXES = 20
"""Random orders of the predictions that say what chance scores."""

Job = tuple[ViewKey, int]
"""A view, and the seed that the script is told."""


class Untold(Exception):
    """A check tells nothing; the message says why."""


class GateRuns:
    """Runs one trial for the gate. Whatever was run once is taken from the journal.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates.
        budget: Says how much time the run has left.
        trial: Whose script is run.
        constant: The best trial that predicts one value for all rows; None when there is none.
    """

    def __init__(self, parts: Parts, measurer: Measurer, budget: Budget, trial: Trial, constant: Trial | None) -> None:
        self._parts = parts
        self._measurer = measurer
        self._budget = budget
        self._trial = trial
        self._constant = constant
        self.fold = parts.views.fold_keys()[0]
        """The search fold that the checks are about, unless they say otherwise."""

    @property
    def left_s(self) -> float | None:
        """Seconds that the gate may still use, None without a limit: all that are left, as nothing comes after it."""
        return self._budget.remaining_s

    def twisted(self, twist: Twist, fold: ViewKey | None = None) -> ViewKey:
        """Return the view that shows a fold so; without one given, the first.

        Raises:
            Untold: These data do not allow it.
        """
        key = self._parts.views.twisted_key(fold or self.fold, twist)
        if key is None:
            prepared = self._parts.task.split.kind is SplitKind.PREPARED
            raise Untold(
                "only the user's own prepare knows where the labels are"
                if prepared
                else "a forecast has no test rows that it could have been trained on"
            )
        return key

    def ahead(self, jobs: Sequence[Job]) -> None:
        """Run jobs side by side, as far as there is time, so that asking for them one by one takes none."""

        def run(job: Job) -> None:
            try:
                self.run(*job)
            except (Untold, AssayError):
                return  # whoever asks for it is told why

        try:
            self._measurer.measure_all([partial(run, job) for job in jobs])
        except BaseException:
            self._parts.activities.stop()
            raise

    def run(self, key: ViewKey, seed: int = 0) -> Measurement:
        """Return the trial's measurement on a view, which ended well and has a score.

        Raises:
            Untold: There is no time for it, or the script fails there.
            AssayError: The view cannot be built, or the sandbox failed.
        """
        return self._run(self._trial, key, seed)

    def predictions(self, measurement: Measurement) -> Path:
        """Return the stored predictions of a measurement.

        Raises:
            Untold: It left none.
        """
        found = self._measurer.predictions(measurement)
        if found is None:
            raise Untold("it left no predictions")
        return found

    def constant_score(self, key: ViewKey) -> Score | None:
        """Return what the constant scores on a search fold, with its standard error where there is one."""
        if self._constant is None:
            return None
        try:
            return self.with_error(self._run(self._constant, key, key.seed), key)
        except Untold:
            return None

    def with_error(self, measurement: Measurement, key: ViewKey) -> Score:
        """Return the score of a measurement with its standard error, where it has one."""
        view = self._parts.views.build(key)
        try:
            grade = self._parts.grading.grade_with_interval(self._parts.task, view, self.predictions(measurement))
        except AssayError:
            grade = None
        if isinstance(grade, Graded):
            return grade.score
        if measurement.score is None:
            raise Untold("it has no score")
        return measurement.score

    def permuted(self, twist: Twist, fold: ViewKey | None = None) -> Shuffle:
        """Return what the trial scores with permuted labels, beside what chance scores on the same rows.

        Args:
            twist: How they are permuted.
            fold: The search fold; the first without one.

        Raises:
            Untold: There is no time for it, the script fails there, or these data do not allow it.
        """
        key = self.twisted(twist, fold)
        measurement = self.run(key)
        score = self.with_error(measurement, key)
        constant = self.constant_score(fold or self.fold)
        found = self._compared(key, score, constant, None)
        if found.clear or (found.unit == 0 and found.excess > 0):
            # Dear, and of no use where a constant is not beaten: some metrics reward any variety, as macro F1 does.
            return self._compared(key, score, constant, self._mixed(key, measurement))
        return found

    def _compared(
        self, key: ViewKey, score: Score, constant: Score | None, mixed: tuple[float, float] | None
    ) -> Shuffle:
        metric = self._parts.task.metric
        known = [constant.value] if constant is not None else []
        known += [mixed[0]] if mixed is not None else []
        chance = metric.ranked(known, lambda value: value)[0] if known else None
        errors = [s.std_error or 0.0 for s in (score, constant) if s is not None]
        unit = max(sum(error**2 for error in errors) ** 0.5, mixed[1] if mixed is not None else 0.0)
        return Shuffle(
            view=key.name,
            score=score.value,
            chance=score.value if chance is None else chance,
            unit=unit if chance is not None else 0.0,
            excess=1.0 if chance is None else metric.gain(score.value, chance),
            constant=None if constant is None else constant.value,
        )

    def _mixed(self, key: ViewKey, measurement: Measurement) -> tuple[float, float]:
        """Return mean and standard deviation of the score of the predictions in random orders."""
        parts, view = self._parts, self._parts.views.build(key)
        values = []
        with tempfile.TemporaryDirectory(dir=parts.folder / "private") as folder:
            file = Path(folder) / parts.task.output.file
            for seed in range(MIXES):
                try:
                    file.write_bytes(in_random_order(self.predictions(measurement), parts.task.output.id_column, seed))
                    grade = parts.grading.grade(parts.task, view, file)
                except (AssayError, csv.Error, ValueError, IndexError):
                    continue  # some are undefined, and a file may be valid that is no plain table
                if isinstance(grade, Graded):
                    values.append(grade.score.value)
        if len(values) < MIXES // 2:
            raise Untold("its predictions cannot be compared with those of chance")
        return fmean(values), stdev(values)

    def _run(self, trial: Trial, key: ViewKey, seed: int) -> Measurement:
        parts = self._parts
        candidate = parts.objects.candidate(trial.candidate)
        known = parts.log.read(lambda history: history.measurement(candidate.digest, key.name, seed))
        if known is None or known.execution is None or known.execution.outcome is Outcome.STOPPED:
            left = self.left_s
            if parts.activities.stopped or (left is not None and self._expected_s(trial, key) > left):
                raise Untold(NO_TIME)
        measurement = self._measurer.measure(
            trial=trial.number,
            attempt=max(1, trial.attempts),
            candidate=candidate,
            key=key,
            seed=seed,
            wall_s=self.left_s,
        )
        self._need_score(candidate, measurement)
        return measurement

    def _need_score(self, candidate: Candidate, measurement: Measurement) -> None:
        execution = measurement.execution
        if execution is None or execution.outcome is Outcome.STOPPED:
            raise Untold(NO_TIME)
        if execution.outcome is Outcome.OK and measurement.score is not None:
            return
        failure = self._parts.kinds[candidate.kind].diagnose(execution, measurement.problems)
        why = failure.summary if failure is not None else f"it ended with {execution.outcome}"
        raise Untold(f"the script fails on {measurement.view}: {why}")

    def _expected_s(self, trial: Trial, key: ViewKey) -> float:
        own = 0.0 if key.twist in (None, Twist.AGAIN) else VIEW_S
        return trial.wall_s + own
