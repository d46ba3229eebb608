"""Tables: what the events of a journal add up to, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from assay.core.collector import collector_at_rest
from assay.core.finish_plan import FinishPlan
from assay.core.trial import TrialState
from assay.core.usage import Usage
from assay.core.validation import Check
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.history.measurement import Measurement, Measurements
from assay.journal.history.question import Question
from assay.journal.history.trial import Trial

R = TypeVar("R")

SEARCH = "search"
"""The phase that a person can pause."""


def worth_a_try(hint: str) -> str:
    """Return a hint as the words that every question shows."""
    return f"Worth a try: {hint}"


class Tables:
    """The tables of a run, and how each event changes them. What may be asked of them stands in `History`.

    Args:
        events: To begin with, in order.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.last: Event | None = None
        self.started: ev.RunStarted | None = None
        self.finished: ev.RunFinished | None = None
        self.trials: dict[int, Trial] = {}
        """By number."""
        self.questions: dict[str, Question] = {}
        """By key."""
        self.notes: dict[str, Any] = {}
        """What a strategy decided, as JSON values, by key; the last, if it was noted again."""
        self.noted_s: dict[str, float] = {}
        """Seconds of running until a note was made, by its key."""
        self.noted_at: dict[str, float] = {}
        """Seconds since the epoch of the same."""
        self.steps: dict[int, ev.StepFinished] = {}
        """Those that are done, by number."""
        self.noise: ev.NoiseMeasured | None = None
        self.sealed: ev.SealedOpened | None = None
        self.openings: list[tuple[float, ev.SealedOpened]] = []
        """Every time that the sealed rows were opened; a resumed run may do it again."""
        self.after_opening: dict[int, float] = {}
        """Trials made or judged after the sealed rows were first graded, which could rest on them; with the time."""
        self.submission: ev.SubmissionWritten | None = None
        self.validations: dict[tuple[int, Check], ev.Validated] = {}
        """By the trial whose script was run and the check; the last, if it was done again."""
        self.phase = ""
        self.phases: list[tuple[float, str]] = []
        """Each with the seconds since the epoch at which it began."""
        self.phases_s: list[float] = []
        """Seconds of running at which each of them began."""
        self.told: list[tuple[float, str]] = []
        """Words for every question, hints among them."""
        self.hints: list[str] = []
        """Models and ideas that a person told the run to try."""
        self.blocks: list[tuple[float, str]] = []
        """Code that a person told the run to refine first."""
        self.finish_plan: FinishPlan | None = None
        """When a person wants the run to finish up; new limits at a resumption put an earlier plan aside."""
        self.paused_since: float | None = None
        """When a person paused the search, seconds since the epoch; None while it goes on, and once it is over."""
        self.remarks: list[tuple[float, ev.Remarked]] = []
        """Each with its seconds since the epoch."""
        self.elsewhere: list[tuple[float, ev.ScoredElsewhere]] = []
        """Scores that were measured elsewhere, as a person wrote them down; no pinned history has them."""
        self.resumes = 0
        self.extensions = 0
        """Resumptions with new limits."""
        self.sandboxes: list[str] = []
        """Tiers that the run ran under, each once, in order."""
        self.usage = Usage()
        """Of all answers, and of what was charged for questions that were not settled."""
        self.usage_of: dict[tuple[str, str], Usage] = {}
        """By role and who answered; empty for the latter where nobody did."""
        self.wall_s = 0.0
        """Seconds of running, the pauses before resumptions left out."""
        self.worked_until = 0.0
        """Seconds since the epoch of the last event that came of work on the run."""
        self._measurements = Measurements()
        self._by_key: dict[str, int] = {}
        with collector_at_rest():
            for event in events:
                self.apply(event)

    def apply(self, event: Event) -> None:
        """Take the next event."""
        takes_time = event.payload.takes_time
        if self.last is not None and takes_time:
            self.wall_s += max(0.0, event.time - self.last.time)
        if takes_time or isinstance(event.payload, ev.RunResumed):
            self.worked_until = event.time
        self.last = event
        handler = _HANDLERS.get(type(event.payload))
        if handler is not None:
            handler(self, event.payload, event.time)

    def restore(self, measurements: Iterable[Measurement]) -> None:
        """Take what was run, in the order it started; for a history whose trials were given to it as they were."""
        for measurement in measurements:
            self._measurements.add(measurement)
        self._by_key = {trial.key: trial.number for trial in self.trials.values()}

    def _start(self) -> ev.RunStarted:
        if self.started is None:
            raise LookupError("the journal holds no run-started event")
        return self.started

    def _on_started(self, payload: ev.RunStarted, _: float) -> None:
        self.started = payload
        self.sandboxes.append(payload.sandbox)

    def _on_resumed(self, payload: ev.RunResumed, _: float) -> None:
        self.resumes += 1
        self.extensions += payload.limits is not None
        self.finished = None
        self.finish_plan = self.finish_plan if payload.limits is None else None
        if payload.sandbox and payload.sandbox not in self.sandboxes:
            self.sandboxes.append(payload.sandbox)
        if self.started is not None:
            limits, prices = payload.limits or self.started.limits, payload.prices or self.started.prices
            self.started = replace(self.started, limits=limits, prices=prices)
        for trial in [t for t in self.trials.values() if t.state is TrialState.STOPPED and t.step not in self.steps]:
            self._reopen(trial)

    def _reopen(self, trial: Trial) -> None:
        """Take back the end of a trial that only the end of the run cut off: its step goes on with it."""
        state = TrialState.RUNNING if trial.attempts else TrialState.WAITING
        self.trials[trial.number] = _changed(
            trial, state=state, reason="", finished=0.0, finished_s=0.0, finished_usage=None
        )

    def _on_asked(self, payload: ev.Asked, time: float) -> None:
        self.questions[payload.key] = Question(key=payload.key, role=payload.role, request=payload.request, asked=time)

    def _on_answered(self, payload: ev.Answered, _: float) -> None:
        question = self.questions.get(payload.key) or Question(
            key=payload.key, role=payload.role, request=payload.request
        )
        self.questions[payload.key] = _changed(question, answer=payload)
        self._charge(payload.role, payload.model, payload.usage)

    def _on_charged(self, payload: ev.Charged, _: float) -> None:
        self._charge(payload.role, "", payload.usage)

    def _charge(self, role: str, model: str, usage: Usage) -> None:
        self.usage = self.usage + usage
        self.usage_of[role, model] = self.usage_of.get((role, model), Usage()) + usage

    def _on_created(self, payload: ev.TrialCreated, time: float) -> None:
        self._by_key[payload.key] = payload.trial
        self.trials[payload.trial] = Trial(
            number=payload.trial,
            key=payload.key,
            candidate=payload.candidate,
            created_as=payload.candidate,
            title=payload.title,
            operator=payload.operator,
            plan=payload.plan,
            parents=payload.parents,
            recipe=payload.recipe,
            step=payload.step,
            counts=payload.counts,
            created=time,
        )
        self._looked(payload.trial, time)

    def _on_attempt(self, payload: ev.AttemptStarted, time: float) -> None:
        self._update(payload.trial, state=TrialState.RUNNING, attempts=payload.attempt)
        self._measurements.add(_begun(payload, time))

    def _on_executed(self, payload: ev.Executed, time: float) -> None:
        begun = self._measurements[payload.code, payload.view, payload.seed]
        self._measurements.change(_changed(begun, execution=payload.execution, ended=time))

    def _on_graded(self, payload: ev.Graded, time: float) -> None:
        key = (payload.code, payload.view, payload.seed)
        if self._measurements.get(key) is None:
            self._measurements.add(_begun(payload, time))
        known = self._measurements[key]
        self._measurements.change(
            _changed(known, score=payload.score, problems=payload.problems, reported=payload.reported, graded=True)
        )

    def _on_repaired(self, payload: ev.Repaired, _: float) -> None:
        trial = self.trials[payload.trial]
        self._update(payload.trial, repairs=(*trial.repairs, payload), candidate=payload.candidate)

    def _on_opened(self, payload: ev.EvidenceOpened, _: float) -> None:
        self._update(payload.trial, opened=payload)

    def _on_verified(self, payload: ev.EvidenceVerified, _: float) -> None:
        self._update(payload.trial, evidence=payload)

    def _on_reviewed(self, payload: ev.Reviewed, _: float) -> None:
        self._update(payload.trial, reviews=(*self.trials[payload.trial].reviews, payload))

    def _on_judged(self, payload: ev.Judged, time: float) -> None:
        self._update(payload.trial, judgement=payload)
        self._looked(payload.trial, time)

    def _on_trial_finished(self, payload: ev.TrialFinished, time: float) -> None:
        self._update(
            payload.trial,
            state=payload.state,
            candidate=payload.candidate,
            score=payload.score,
            std_error=payload.std_error,
            folds=payload.folds,
            scores=payload.scores,
            wall_s=payload.wall_s,
            reason=payload.reason,
            flags=payload.flags,
            finished=time,
            finished_s=self.wall_s,
            finished_usage=self.usage,
        )

    def _on_noted(self, payload: ev.Noted, time: float) -> None:
        self.notes[payload.key] = payload.value
        self.noted_s[payload.key] = self.wall_s
        self.noted_at[payload.key] = time

    def _on_step(self, payload: ev.StepFinished, _: float) -> None:
        self.steps[payload.step] = payload

    def _on_noise(self, payload: ev.NoiseMeasured, _: float) -> None:
        self.noise = payload

    def _on_sealed(self, payload: ev.SealedOpened, time: float) -> None:
        self.sealed = payload
        self.openings.append((time, payload))

    def _looked(self, trial: int, time: float) -> None:
        """Remember a trial that is made or judged when the sealed rows have been seen."""
        if any(opened.score is not None for _, opened in self.openings):
            self.after_opening.setdefault(trial, time)

    def _on_submission(self, payload: ev.SubmissionWritten, _: float) -> None:
        self.submission = payload

    def _on_validated(self, payload: ev.Validated, _: float) -> None:
        self.validations[payload.trial, payload.check] = payload

    def _on_phase(self, payload: ev.PhaseEntered, time: float) -> None:
        self.phase = payload.phase
        self.paused_since = self.paused_since if payload.phase == SEARCH else None
        self.phases.append((time, payload.phase))
        self.phases_s.append(self.wall_s)

    def _on_told(self, payload: ev.Told, time: float) -> None:
        if payload.what is ev.Wish.BLOCK:
            self.blocks.append((time, payload.text))
            return
        if payload.what is ev.Wish.HINT:
            self.hints.append(payload.text)
        self.told.append((time, worth_a_try(payload.text) if payload.what is ev.Wish.HINT else payload.text))

    def _on_planned(self, payload: ev.FinishPlanned, _: float) -> None:
        self.finish_plan = payload.plan

    def _on_remarked(self, payload: ev.Remarked, time: float) -> None:
        self.remarks.append((time, payload))
        self.wall_s = max(0.0, self.wall_s - payload.jump_s)

    def _on_paused(self, payload: ev.Paused, time: float) -> None:
        self.paused_since = time if payload.on else None

    def _on_elsewhere(self, payload: ev.ScoredElsewhere, time: float) -> None:
        self.elsewhere.append((time, payload))

    def _on_finished(self, payload: ev.RunFinished, _: float) -> None:
        self.finished = payload

    def _update(self, number: int, **changes: Any) -> None:
        if changes.get("state") is TrialState.RUNNING and self.trials[number].state.is_final:
            changes.pop("state")
        self.trials[number] = _changed(self.trials[number], **changes)


def _begun(payload: ev.AttemptStarted | ev.Graded, time: float) -> Measurement:
    return Measurement(
        trial=payload.trial,
        attempt=payload.attempt,
        code=payload.code,
        view=payload.view,
        seed=payload.seed,
        started=time,
    )


def _changed(record: R, **changes: Any) -> R:
    """Do as `dataclasses.replace`, for records that nothing but their fields makes: a long journal has many changes."""
    fresh: R = object.__new__(type(record))
    fresh.__dict__.update(record.__dict__, **changes)
    return fresh


_HANDLERS: dict[type[Payload], Callable[[Tables, Any, float], None]] = {
    ev.RunStarted: Tables._on_started,
    ev.RunResumed: Tables._on_resumed,
    ev.Asked: Tables._on_asked,
    ev.Answered: Tables._on_answered,
    ev.Charged: Tables._on_charged,
    ev.Noted: Tables._on_noted,
    ev.TrialCreated: Tables._on_created,
    ev.AttemptStarted: Tables._on_attempt,
    ev.Executed: Tables._on_executed,
    ev.Graded: Tables._on_graded,
    ev.Repaired: Tables._on_repaired,
    ev.EvidenceOpened: Tables._on_opened,
    ev.EvidenceVerified: Tables._on_verified,
    ev.Reviewed: Tables._on_reviewed,
    ev.Judged: Tables._on_judged,
    ev.TrialFinished: Tables._on_trial_finished,
    ev.StepFinished: Tables._on_step,
    ev.NoiseMeasured: Tables._on_noise,
    ev.SealedOpened: Tables._on_sealed,
    ev.SubmissionWritten: Tables._on_submission,
    ev.Validated: Tables._on_validated,
    ev.PhaseEntered: Tables._on_phase,
    ev.Told: Tables._on_told,
    ev.FinishPlanned: Tables._on_planned,
    ev.Remarked: Tables._on_remarked,
    ev.Paused: Tables._on_paused,
    ev.ScoredElsewhere: Tables._on_elsewhere,
    ev.RunFinished: Tables._on_finished,
}
