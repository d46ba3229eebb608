"""Evaluate: the path of one candidate from its creation to its final state."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from assay.core.candidate import Candidate
from assay.core.execution import Outcome
from assay.core.trial import TrialState, Verdict
from assay.core.view import ViewKey
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.endings import Ending
from assay.engine.judging import Judge
from assay.engine.live_notes import note_live, noted_live
from assay.engine.measure import Measurer
from assay.engine.parts import Parts, Repairer
from assay.engine.recheck import Vouched, recheck
from assay.engine.within import repaired_within
from assay.grading import Invalid, check_predictions, reported_mismatch
from assay.journal import events as ev
from assay.journal.history import History, Measurement, Trial
from assay.kinds.base import Failure

SURELY = 0.7
"""Share of the seconds of its quickest fold that a candidate needs for another one, whatever else slowed that down."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a candidate is to be evaluated."""

    key: str
    """The journal's key of the trial."""
    history: History
    """What the step may know: the trial is raced and judged against the best in it."""
    step: int | None = None
    counts: bool = True
    """Whether the trial takes part in the ranking."""
    baseline: bool = False
    """Whether it is one that others are measured against: neither raced nor judged."""
    most_folds: int | None = None
    """Search folds to run at most; None runs all. For variants that only have to be compared, not ranked."""
    repair: bool = True
    """Whether a failure is mended. A constant that a metric cannot score is a fact, not something to mend."""
    within: tuple[str, ...] | None = None
    """Of a notebook: ids of the cells that a repair may change, locked ones never; None means every open cell."""
    reseed: bool = False
    """Whether to measure the noise floor with it once it is scored."""
    slot: int = 0
    """0 .. lanes-1: distinguishes the trials that may be in flight at a time, for the search's error control."""
    lanes: int = 1
    """How many steps may be under way without seeing each other."""
    remarks: tuple[str, ...] = ()
    """What its proposer has to say that stays with the trial: a code and a sentence each."""
    confirm: bool = True
    """Whether a would-be best is run on fresh partitions at once; else `Evaluator.confirm` may do so later."""


@dataclass(frozen=True)
class Attempt:
    """What one attempt left: measurements in fold order, and the failure that ended it, if one did."""

    measurements: tuple[Measurement, ...]
    failure: Failure | None = None
    stopped: bool = False
    skipped: bool = False
    raced: str = ""


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
    ) -> None:
        self._parts = parts
        self._measurer = measurer
        self._judge = judge
        self._budget = budget
        self._repairer = repairer
        self._delivery = delivery
        self._max_repairs = max_repairs

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
        result, failure = Attempt(()), self._noted_live(trial, attempt)
        while True:
            if failure is None:
                result = self._attempt(trial, current, attempt, plan)
                failure = result.failure
            if result.stopped:
                self._budget.check()
                # Cut off by the search's end, which has moved a little since: what the finish needs is an estimate.
                raise Ending("time")
            if result.skipped:
                return self._finish(trial, current, result, TrialState.FAILED, "skipped by a person", flags)
            if failure is None:
                return self._complete(trial, current, result, plan, flags)
            mended = self._repair(trial, current, attempt, failure, plan) if plan.repair else None
            if mended is None:
                return self._finish(trial, current, result, TrialState.FAILED, failure.summary, flags)
            refused = self._refused(trial, mended)
            if refused is not None:
                return refused
            current, attempt = mended, attempt + 1
            failure = self._go_on(trial, current, attempt, failure.unit)

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
        log = self._parts.log
        known = log.read(lambda history: history.trial_by_key(plan.key))
        if known is None:
            record = self._parts.objects.put_candidate(candidate)
            log.create(
                lambda history: ev.TrialCreated(
                    trial=history.next_trial,
                    key=plan.key,
                    candidate=record,
                    title=candidate.title,
                    operator=candidate.operator,
                    plan=candidate.plan,
                    parents=candidate.parents,
                    recipe=candidate.recipe,
                    step=plan.step,
                    counts=plan.counts,
                )
            )
            known = log.read(lambda history: history.trial_by_key(plan.key))
        if known is None:
            raise LookupError(f"no trial under {plan.key!r}")
        return known

    def _current(self, trial: Trial) -> tuple[Candidate, int]:
        """Return the candidate that the journal says is current, as created or as last mended, and its attempt."""
        attempt = trial.repairs[-1].attempt if trial.repairs else 1
        return self._parts.objects.candidate(trial.candidate), attempt

    # --- execution -----------------------------------------------------------------------------------------------

    def _attempt(self, trial: Trial, candidate: Candidate, attempt: int, plan: Plan) -> Attempt:
        """Run the candidate on the first fold, then on as many at a time as there is room for, until all are scored.

        It ends with the first fold that fails, after the folds by which the race is lost, and where the search is over
        before another fold could end.
        """
        done: list[Measurement] = []
        keys = self._parts.views.fold_keys()[: plan.most_folds]
        for some in _batches(keys, self._measurer.at_once):
            late = self._too_late(candidate, done, some)
            if late:
                return Attempt(tuple(done), raced=late)
            live = some[0] == keys[0] and plan.repair and self._may_repair(trial)
            jobs = [partial(self._measure, trial, candidate, attempt, key, live=live) for key in some]
            for measurement in self._measurer.measure_all(jobs):
                if measurement.execution is not None and measurement.execution.outcome is Outcome.STOPPED:
                    return Attempt(tuple(done), stopped=True)
                if measurement.execution is not None and measurement.execution.outcome is Outcome.SKIPPED:
                    return Attempt(tuple(done), skipped=True)
                failure = self._diagnose(candidate, measurement)
                done.append(measurement)
                if failure is not None:
                    return Attempt(tuple(done), failure=failure)
            lost = "" if plan.baseline or not plan.counts else self._judge.lost(_scores(done), plan.history)
            if lost and some[-1] != keys[-1]:
                return Attempt(tuple(done), raced=lost)
        return Attempt(tuple(done))

    def _measure(self, trial: Trial, candidate: Candidate, attempt: int, key: ViewKey, *, live: bool) -> Measurement:
        self._stop_if_asked()
        return self._measurer.measure(
            trial=trial.number,
            attempt=attempt,
            candidate=candidate,
            key=key,
            seed=key.seed,
            wall_s=self._budget.search_s,
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

    def _stop_if_asked(self) -> None:
        if self._parts.activities.stopped:
            raise Ending("user")

    def _diagnose(self, candidate: Candidate, measurement: Measurement) -> Failure | None:
        if measurement.score is not None or measurement.execution is None:
            return None
        return self._parts.kinds[candidate.kind].diagnose(measurement.execution, measurement.problems)

    # --- repair --------------------------------------------------------------------------------------------------

    def _repair(
        self, trial: Trial, candidate: Candidate, attempt: int, failure: Failure, plan: Plan
    ) -> Candidate | None:
        """Return a mended candidate, journaled, or None when repairs are used up or bring nothing new."""
        repairs = self._parts.log.read(lambda history: history.trials[trial.number].repairs)
        same = bool(repairs) and repairs[-1].signature == failure.signature
        twice_same = same and len(repairs) > 1 and repairs[-2].signature == failure.signature
        if self._repairer is None or len(repairs) >= self._max_repairs or twice_same:
            return None
        key = f"{trial.key}/repair-{attempt}"
        mended = repaired_within(
            self._repairer, key, candidate, failure, plan.within, round=len(repairs) + 1, same=same
        )
        if mended is None:
            return None
        self._parts.log.add(
            ev.Repaired(
                trial=trial.number,
                attempt=attempt + 1,
                candidate=self._parts.objects.put_candidate(mended.candidate),
                cause=mended.cause,
                by=mended.by,
                signature=failure.signature,
            )
        )
        return mended.candidate

    def _may_repair(self, trial: Trial) -> bool:
        repairs = self._parts.log.read(lambda history: history.trials[trial.number].repairs)
        return self._repairer is not None and len(repairs) < self._max_repairs

    def _go_on(self, trial: Trial, mended: Candidate, attempt: int, unit: str) -> Failure | None:
        """Try the mended candidate in what is still alive of the run that failed; return how it fails next, if it does.

        Only the clean run that follows counts. The failure is noted before anybody is asked about it, for after a crash
        nothing is alive any more, and the question must be the same.
        """
        execution = self._measurer.go_on(trial.number, mended, unit, self._budget.search_s) if unit else None
        if execution is None or execution.outcome in (Outcome.STOPPED, Outcome.INFRA):
            return None
        failure = self._parts.kinds[mended.kind].diagnose(execution, ())
        if failure is None or not failure.unit:
            return None  # it ran to its end, or in a way that only a clean run can tell
        note_live(self._parts.log, trial.key, attempt, failure)
        return failure

    def _noted_live(self, trial: Trial, attempt: int) -> Failure | None:
        """Return the failure of the attempt that was seen live before a crash."""
        return self._parts.log.read(lambda history: noted_live(history, trial.key, attempt))

    # --- ends ----------------------------------------------------------------------------------------------------

    def _complete(self, trial: Trial, candidate: Candidate, result: Attempt, plan: Plan, flags: Sequence[str]) -> Trial:
        own = recheck(self._parts, self._measurer, trial, candidate, result.measurements[0])
        if own is not None and own.vouched is Vouched.DIFFERENT:
            return self._reject(trial, candidate, [f"L19 {reason}" for reason in own.reasons])
        if own is not None and own.vouched is Vouched.REPORTED:
            flags = [*flags, f"P03 its own metrics are reported, not counted: {'; '.join(own.reasons)}"]
        metric = self._parts.task.metric
        claims = [
            reported_mismatch(m.reported, m.score.value, metric, m.score.std_error)
            for m in result.measurements
            if m.score is not None
        ]
        cut_off = [m for m in result.measurements if m.score is not None and m.score.partial]
        remarks = [*flags, *self._oddities(result.measurements[0]), *[f"P02 {claim}" for claim in claims if claim][:1]]
        if cut_off:
            how = sorted({str(m.execution.outcome) for m in cut_off if m.execution is not None})
            many = f"{len(cut_off)} of {len(result.measurements)} folds"
            remarks.append(f"P01 partial: on {many} it wrote its predictions and did not end well ({', '.join(how)})")
        if plan.baseline:
            self._parts.log.add(ev.Judged(trial=trial.number, verdict=Verdict.BASELINE))
        elif plan.counts:
            scores = _scores(result.measurements)
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

    def _oddities(self, measurement: Measurement) -> list[str]:
        """Return what the predictions of a fold themselves give away: remarks, since a baseline is odd too."""
        predictions = self._measurer.predictions(measurement)
        key = next(key for key in self._parts.views.fold_keys() if key.name == measurement.view)
        if predictions is None:
            return []
        stats = self._parts.grading.stats(self._parts.task, self._parts.views.build(key), predictions)
        if isinstance(stats, Invalid):
            return []
        return [f"{f.code} {f.sentence}" for f in check_predictions(self._parts.task, stats)]

    def _refused(self, trial: Trial, mended: Candidate) -> Trial | None:
        """Return the trial, rejected, if a check fires on what a repair brought; else None."""
        rejecting = [f for f in self._parts.check(mended) if f.severity == "reject"]
        if not rejecting:
            return None
        return self._reject(trial, mended, [f"{f.code} {f.sentence}" for f in rejecting])

    def _reject(self, trial: Trial, candidate: Candidate, reasons: list[str]) -> Trial:
        self._parts.log.add(ev.Judged(trial=trial.number, verdict=Verdict.REJECTED, reasons=tuple(reasons)))
        return self._finish(trial, candidate, Attempt(()), TrialState.REJECTED, reasons[0], reasons[1:])

    def _finish(
        self,
        trial: Trial,
        candidate: Candidate,
        result: Attempt,
        state: TrialState,
        reason: str,
        flags: Sequence[str],
    ) -> Trial:
        scores = _scores(result.measurements) if state is TrialState.COMPLETE else {}
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


def _scores(measurements: Sequence[Measurement]) -> dict[str, float]:
    return {m.view: m.score.value for m in measurements if m.score is not None}


def _batches(keys: Sequence[ViewKey], size: int) -> list[Sequence[ViewKey]]:
    """Return the first key alone, since most that fail do so at once, then `size` at a time."""
    return [keys[:1], *(keys[start : start + size] for start in range(1, len(keys), size))]
