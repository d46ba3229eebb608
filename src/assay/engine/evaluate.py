"""Evaluate: the path of one candidate from its creation to its final state."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Sequence

from assay.core.candidate import Candidate
from assay.core.trial import TrialState, Verdict
from assay.engine.attempts import Attempt, Attempts
from assay.engine.budget import Budget
from assay.engine.creating import trial_under
from assay.engine.deliver import Delivery
from assay.engine.endings import Ending
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.mending import Mender
from assay.engine.parts import Parts, Repairer
from assay.engine.plan import Plan
from assay.engine.recheck import Vouched, recheck
from assay.engine.remarks import Remarks
from assay.journal import events as ev
from assay.journal.history import Trial

_logger = logging.getLogger(__name__)


class Evaluator:
    """Takes candidates through checks, execution, repair, grading, racing and judgement.

    Args:
        parts: What the run is put together from.
        measurer: Runs and grades.
        judge: Races and judges.
        budget: Says when time is up.
        repairer: Mends failing candidates; None repairs nothing.
        delivery: Offered every trial that ranks; None delivers nothing during the search.
        max_repairs: Most repairs of one trial; 0 or more.
        attempts: Runs candidates fold by fold; None makes the usual one.
        remarks: Looks at what scored candidates left; None makes the usual one.
    """

    def __init__(
        self,
        parts: Parts,
        measurer: Measurer,
        judge: Judge,
        budget: Budget,
        repairer: Repairer | None = None,
        *,
        delivery: Delivery | None = None,
        max_repairs: int = 2,
        attempts: Attempts | None = None,
        remarks: Remarks | None = None,
    ) -> None:
        self._parts = parts
        self._measurer = measurer
        self._judge = judge
        self._budget = budget
        self._delivery = delivery
        self._attempts = attempts or Attempts(parts, measurer, judge, budget)
        self._mender = Mender(parts, measurer, budget, repairer, most=max_repairs)
        self._remarks = remarks or Remarks(parts, measurer)

    def evaluate(self, candidate: Candidate, plan: Plan) -> Trial:
        """Return the finished trial of `candidate`; what the journal already knows of it is not done again.

        Raises:
            Ending: The run was stopped while the trial was under way; it is left unfinished for a resumption.
            MachineError: Our fault; the run cannot go on.
        """
        trial = self.create(candidate, plan)
        if trial.state.is_final:
            if plan.reseed and trial.ranks:
                self._judge.measure_noise(trial, self._parts.objects.candidate(trial.candidate), plan.step)
            return trial
        findings = self._parts.check(candidate)
        rejecting = [f for f in findings if f.severity == "reject"]
        if rejecting:
            return self._reject(trial, candidate, [f"{f.code} {f.sentence}" for f in rejecting])
        flags = [*plan.remarks, *(f"{f.code} {f.sentence}" for f in findings)]
        try:
            return self._run(trial, plan, flags)
        finally:
            self._measurer.end_live(trial.number)

    def _run(self, trial: Trial, plan: Plan, flags: Sequence[str]) -> Trial:
        """Run the trial's current candidate and mend it until it is scored, or until there is nothing left to try."""
        current, attempt = self._current(trial)
        # A crash may have come between the note of a repair and the look at what it brought.
        refused = self._refused(trial, current) if attempt > 1 else None
        if refused is not None:
            return refused
        result, failure = Attempt(), self._mender.seen_live(trial, attempt)
        while True:
            if failure is None:
                live = plan.repair and self._mender.may_mend(trial)
                result = self._attempts.run(trial, current, attempt, plan, live=live)
                failure = result.failure
            if result.stopped:
                self._budget.check()
                # Cut off by the search's end, which has moved a little since: what the finish needs is an estimate.
                raise Ending("time")
            if result.skipped:
                return self._finish(trial, current, result, TrialState.FAILED, "skipped by a person", flags)
            if failure is None:
                return self._complete(trial, current, result, plan, flags)
            rehearsed = result.rehearsed
            mended = (
                self._mender.mend(trial, current, attempt, failure, plan, rehearsed=rehearsed) if plan.repair else None
            )
            if mended is None and rehearsed:
                self._attempts.give_up(trial, attempt)
                failure = None
                continue
            if mended is None:
                return self._finish(trial, current, result, TrialState.FAILED, failure.summary, flags)
            refused = self._refused(trial, mended)
            if refused is not None:
                return refused
            current, attempt = mended, attempt + 1
            failure = self._mender.go_on(trial, current, attempt, failure.unit)

    def confirm(self, trial: Trial, plan: Plan) -> Trial:
        """Return `trial` judged with the confirmation that it was scored without.

        For trials that ran side by side in one step: what each may spend on a confirmation depends on the one before.

        Raises:
            Ending: The run was interrupted meanwhile.
        """
        judged = self._judge.judge(trial, self._parts.objects.candidate(trial.candidate), trial.scores, plan)
        if judged != self._parts.log.read(lambda history: history.trials[trial.number].judgement):
            self._parts.log.add(judged)
        return self._parts.log.read(lambda history: history.trials[trial.number])

    # --- creation ------------------------------------------------------------------------------------------------

    def create(self, candidate: Candidate, plan: Plan) -> Trial:
        """Return the trial under the plan's key, created now if the journal does not know it."""
        return trial_under(self._parts, plan.key, candidate, step=plan.step, counts=plan.counts)

    def _current(self, trial: Trial) -> tuple[Candidate, int]:
        """Return the candidate that the journal says is current, as created or as last mended, and its attempt."""
        attempt = trial.repairs[-1].attempt if trial.repairs else 1
        return self._parts.objects.candidate(trial.candidate), attempt

    # --- ends ----------------------------------------------------------------------------------------------------

    def _complete(self, trial: Trial, candidate: Candidate, result: Attempt, plan: Plan, flags: Sequence[str]) -> Trial:
        own = recheck(self._parts, self._measurer, trial, candidate, result.measurements[0])
        if own is not None and own.vouched is Vouched.DIFFERENT:
            return self._reject(trial, candidate, [f"L19 {reason}" for reason in own.reasons])
        if own is not None and own.vouched is Vouched.REPORTED:
            flags = [*flags, f"P03 its own metrics are reported, not counted: {'; '.join(own.reasons)}"]
        remarks = [*flags, *self._remarks.of(result.measurements)]
        if plan.baseline:
            self._parts.log.add(ev.Judged(trial=trial.number, verdict=Verdict.BASELINE))
        elif plan.counts:
            scores = result.scores
            judged = (
                self._judge.judge(trial, candidate, scores, plan)
                if plan.confirm
                else self._judge.compare(trial, scores, plan.history)
            )
            self._parts.log.add(judged)
        done = self._finish(trial, candidate, result, TrialState.COMPLETE, result.raced, remarks)
        if self._delivery is not None:
            self._delivery.offer(done)
        if plan.reseed:
            self._judge.measure_noise(done, candidate, plan.step)
        return done

    def _refused(self, trial: Trial, mended: Candidate) -> Trial | None:
        """Return the trial, rejected, if a check fires on what a repair brought; else None."""
        rejecting = [f for f in self._parts.check(mended) if f.severity == "reject"]
        if not rejecting:
            return None
        return self._reject(trial, mended, [f"{f.code} {f.sentence}" for f in rejecting])

    def _reject(self, trial: Trial, candidate: Candidate, reasons: list[str]) -> Trial:
        self._parts.log.add(ev.Judged(trial=trial.number, verdict=Verdict.REJECTED, reasons=tuple(reasons)))
        return self._finish(trial, candidate, Attempt(), TrialState.REJECTED, reasons[0], reasons[1:])

    def _finish(
        self,
        trial: Trial,
        candidate: Candidate,
        result: Attempt,
        state: TrialState,
        reason: str,
        flags: Sequence[str],
    ) -> Trial:
        scores = result.scores if state is TrialState.COMPLETE else {}
        values = list(scores.values())
        walls = [m.execution.wall_s for m in result.measurements if m.execution is not None]
        self._parts.log.add(
            ev.TrialFinished(
                trial=trial.number,
                state=state,
                candidate=self._parts.objects.put_candidate(candidate),
                score=statistics.fmean(values) if values else None,
                std_error=statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else None,
                folds=len(values),
                scores=scores,
                wall_s=round(statistics.fmean(walls), 3) if walls else 0.0,
                reason=reason,
                flags=tuple(flags),
            )
        )
        done = self._parts.log.read(lambda history: history.trials[trial.number])
        _logger.info("trial %d %s: %s %s", done.number, done.state, done.title, done.score)
        return done
