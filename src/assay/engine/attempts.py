"""Attempts: a candidate run and graded, fold by fold, until all are scored or it is clear that no further one helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from assay.core.candidate import Candidate
from assay.core.execution import Outcome
from assay.core.rehearse import Rehearse
from assay.core.view import ViewKey
from assay.engine.budget import Budget
from assay.engine.endings import Ending
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.pause import Pause
from assay.engine.plan import Plan
from assay.engine.rehearsal import Rehearsals, most_s
from assay.journal.history import Measurement, Trial
from assay.kinds.base import Failure

SURELY = 0.7
"""Share of the seconds of its quickest fold that a candidate needs for another one, whatever else slowed that down."""


@dataclass(frozen=True)
class Attempt:
    """What one attempt left: measurements in fold order, and the failure that ended it, if one did."""

    measurements: tuple[Measurement, ...] = ()
    failure: Failure | None = None
    stopped: bool = False
    skipped: bool = False
    raced: str = ""
    rehearsed: bool = False
    """Whether the failure is that of its rehearsal, and no fold was run."""

    @property
    def scores(self) -> dict[str, float]:
        """The scores so far by view."""
        return _scores(self.measurements)


class Attempts:
    """Runs candidates on the search folds.

    Args:
        parts: What the run is put together from.
        measurer: Runs and grades.
        judge: Says when a race is lost.
        budget: Says when time is up.
        rehearse: Which trials are run on few rows first, besides those of which the journal knows it.
    """

    def __init__(
        self,
        parts: Parts,
        measurer: Measurer,
        judge: Judge,
        budget: Budget,
        *,
        rehearse: Rehearse = Rehearse.NEVER,
    ) -> None:
        self._parts = parts
        self._measurer = measurer
        self._judge = judge
        self._budget = budget
        self._rehearsals = Rehearsals(parts, rehearse)
        self._pause = Pause(parts, budget)

    def run(self, trial: Trial, candidate: Candidate, attempt: int, plan: Plan, *, live: bool) -> Attempt:
        """Run the candidate on the first fold, then on as many at a time as there is room for, until all are scored.

        Before that on few rows, where that is worth its while. It ends with the first fold that fails, after the folds
        by which the race is lost, and where the search is over before another fold could end.

        Args:
            trial: What it belongs to.
            candidate: What is run.
            attempt: 1 as created, one more with each repair.
            plan: How the trial is evaluated.
            live: Whether what fails may be mended: the first fold then halts there, and goes on when it is.

        Raises:
            Ending: The run was stopped meanwhile.
        """
        ended = self._rehearse(trial, candidate, attempt, plan) if live else None
        if ended is not None:
            return ended
        done: list[Measurement] = []
        keys = self._parts.views.fold_keys()[: plan.most_folds]
        for some in _batches(keys, self._measurer.at_once):
            late = self._too_late(candidate, done, some)
            if late:
                return Attempt(tuple(done), raced=late)
            first = live and some[0] == keys[0]
            jobs = [partial(self._measure, trial, candidate, attempt, key, live=first) for key in some]
            for measurement in self._measurer.measure_all(jobs):
                outcome = measurement.execution.outcome if measurement.execution is not None else None
                if outcome in (Outcome.STOPPED, Outcome.SKIPPED):
                    stopped = outcome is Outcome.STOPPED
                    return Attempt(tuple(done), stopped=stopped, skipped=not stopped)
                failure = self._diagnose(candidate, measurement)
                done.append(measurement)
                if failure is not None:
                    return Attempt(tuple(done), failure=failure)
            lost = "" if plan.baseline or not plan.counts else self._judge.lost(_scores(done), plan.history)
            if lost and some[-1] != keys[-1]:
                return Attempt(tuple(done), raced=lost)
        return Attempt(tuple(done))

    def give_up(self, trial: Trial, attempt: int) -> None:
        """Let the attempt run its folds though its rehearsal failed, and rehearse the trial no more."""
        self._rehearsals.give_up(trial, attempt)

    def _rehearse(self, trial: Trial, candidate: Candidate, attempt: int, plan: Plan) -> Attempt | None:
        """Run the candidate on few rows, where that is worth its while; return None where its folds are to follow."""
        ranked = plan.counts and not plan.baseline and plan.most_folds is None
        few = self._rehearsals.plan(trial, candidate, attempt, plan.history) if ranked else None
        key = self._parts.views.rehearsal_key(few.rows) if few is not None else None
        if few is None or key is None:
            return None
        rehearsed = self._measure(trial, candidate, attempt, key, most_s=most_s(few))
        outcome = rehearsed.execution.outcome if rehearsed.execution is not None else None
        if outcome is Outcome.SKIPPED:
            return Attempt(skipped=True)
        # More rows take no less time: where this much is not left, no fold could end.
        if outcome is Outcome.STOPPED or self._too_late(candidate, [rehearsed], self._parts.views.fold_keys()[:1]):
            return Attempt(stopped=True)
        if outcome is Outcome.TIMEOUT:
            return None  # its limit is short, and a candidate may take as long as a fold may
        failure = self._diagnose(candidate, rehearsed)
        return None if failure is None else Attempt(failure=self._rehearsals.told(trial, failure), rehearsed=True)

    def _measure(
        self,
        trial: Trial,
        candidate: Candidate,
        attempt: int,
        key: ViewKey,
        *,
        live: bool = False,
        most_s: float | None = None,
    ) -> Measurement:
        self._pause.hold()
        if self._parts.activities.stopped:
            raise Ending("user")
        return self._measurer.measure(
            trial=trial.number,
            attempt=attempt,
            candidate=candidate,
            key=key,
            seed=key.seed,
            wall_s=self._budget.search_s,
            most_s=most_s,
            live=live,
        )

    def _too_late(self, candidate: Candidate, done: Sequence[Measurement], keys: Sequence[ViewKey]) -> str:
        """Return why no further fold is started, in a few words; empty where there is time, or nothing to start."""
        walls = [m.execution.wall_s for m in done if m.execution is not None]
        left, digest = self._budget.search_s, candidate.digest
        if not walls or left is None or left >= SURELY * min(walls):
            return ""
        known = self._parts.log.read(lambda history: [history.measurement(digest, key.name, key.seed) for key in keys])
        return "" if all(known) else "no time for another fold"

    def _diagnose(self, candidate: Candidate, measurement: Measurement) -> Failure | None:
        if measurement.score is not None or measurement.execution is None:
            return None
        return self._parts.kinds[candidate.kind].diagnose(measurement.execution, measurement.problems)


def _scores(measurements: Sequence[Measurement]) -> dict[str, float]:
    return {m.view: m.score.value for m in measurements if m.score is not None}


def _batches(keys: Sequence[ViewKey], size: int) -> list[Sequence[ViewKey]]:
    """Return the first key alone, since most that fail do so at once, then `size` at a time."""
    return [keys[:1], *(keys[start : start + size] for start in range(1, len(keys), size))]
