"""History: the journal folded into tables. A pure class: the same events always give the same tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from assay.core.budget import Limits
from assay.core.collector import collector_at_rest
from assay.core.execution import Execution
from assay.core.finish_plan import FinishPlan
from assay.core.metric import Metric
from assay.core.score import Score
from assay.core.task import Task
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.core.validation import Check
from assay.journal import events as ev
from assay.journal.events import Event, Payload

R = TypeVar("R")

EVERYTHING = 1 << 62
"""For `History.pinned`: what all steps made, and what came after them."""
FINISH = "finish/"
"""How the keys of trials begin that are made after the search: they belong to no step, and no step sees them."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One candidate on one view: how it ran and how it scored."""

    trial: int
    attempt: int
    code: str
    """Content digest of the candidate."""
    view: str
    seed: int = 0
    execution: Execution | None = None
    """None while it runs, or when the engine died meanwhile."""
    score: Score | None = None
    problems: tuple[str, ...] = ()
    reported: float | None = None
    graded: bool = False
    started: float = 0.0
    """Seconds since the epoch."""
    ended: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial as the journal tells it."""

    number: int
    key: str
    candidate: str
    """Digest of the candidate record: as created, or as last mended."""
    created_as: str = ""
    """Digest of the candidate record before any repair."""
    title: str
    operator: str
    plan: str = ""
    parents: tuple[int, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    step: int | None = None
    counts: bool = True
    state: TrialState = TrialState.WAITING
    attempts: int = 0
    repairs: tuple[ev.Repaired, ...] = ()
    score: float | None = None
    std_error: float | None = None
    folds: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    reason: str = ""
    flags: tuple[str, ...] = ()
    judgement: ev.Judged | None = None
    opened: ev.EvidenceOpened | None = None
    """The tracking run of the last attempt, for jobs."""
    evidence: ev.EvidenceVerified | None = None
    """What was found when the evidence of the last attempt was verified, for jobs."""
    reviews: tuple[ev.Reviewed, ...] = ()
    created: float = 0.0
    finished: float = 0.0
    """Seconds since the epoch, as `created` is."""
    finished_s: float = 0.0
    """Seconds of running until it finished, the pauses before resumptions left out."""
    finished_usage: Usage | None = None
    """What all answers of the run had taken by then."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, if one was made."""
        return self.judgement.verdict if self.judgement else None

    @property
    def ranks(self) -> bool:
        """Whether the trial takes part in the ranking: complete, scored, and not a variant or a reseed."""
        return self.counts and self.state is TrialState.COMPLETE and self.score is not None

    def is_before(self, steps: int) -> bool:
        """Return whether a step may know the trial that sees the steps numbered below `steps`."""
        return not self.key.startswith(FINISH) if self.step is None else self.step < steps


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question put to a model, and what came of it."""

    key: str
    role: str
    request: str
    answer: ev.Answered | None = None
    asked: float = 0.0


def worth_a_try(hint: str) -> str:
    """Return a hint as the words that every question shows."""
    return f"Worth a try: {hint}"


class History:
    """Everything that the events up to one number tell.

    Feed it events in order with `apply`; it is then read by strategies, the engine and reports. A strategy gets a
    pinned one from its session and must not feed it.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.last: Event | None = None
        self.started: ev.RunStarted | None = None
        self.finished: ev.RunFinished | None = None
        self.trials: dict[int, Trial] = {}
        self.questions: dict[str, Question] = {}
        self.notes: dict[str, Any] = {}
        self.noted_s: dict[str, float] = {}
        """Seconds of running until a note was made, by its key."""
        self.noted_at: dict[str, float] = {}
        """Seconds since the epoch of the same."""
        self.steps: dict[int, ev.StepFinished] = {}
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
        self.remarks: list[tuple[float, ev.Remarked]] = []
        self.resumes = 0
        self.extensions = 0
        """Resumptions with new limits."""
        self.sandboxes: list[str] = []
        self.usage = Usage()
        self.usage_of: dict[tuple[str, str], Usage] = {}
        """By role and who answered; empty for the latter where nobody did."""
        self.wall_s = 0.0
        """Seconds of running, the pauses before resumptions left out."""
        self._measurements: dict[tuple[str, str, int], Measurement] = {}
        self._by_key: dict[str, int] = {}
        self._all: list[Measurement] = []
        self._places: dict[tuple[str, str, int], int] = {}
        with collector_at_rest():
            for event in events:
                self.apply(event)

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def task(self) -> Task:
        """The task of the run."""
        return self._start().task

    @property
    def metric(self) -> Metric:
        """The metric of the run's task."""
        return self.task.metric

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._start().limits

    @property
    def next_trial(self) -> int:
        """The number that the next trial gets."""
        return len(self.trials)

    def trial_by_key(self, key: str) -> Trial | None:
        """Return the trial created under `key`, if there is one."""
        number = self._by_key.get(key)
        return None if number is None else self.trials[number]

    def measurement(self, code: str, view: str, seed: int = 0) -> Measurement | None:
        """Return what is known of a candidate, by its content digest, on a view; the last, if it ran again."""
        return self._measurements.get((code, view, seed))

    def measurements(self, trial: int) -> list[Measurement]:
        """Return everything that was run for a trial, in the order it started, superseded attempts included."""
        return [m for m in self._all if m.trial == trial]

    def latest_measurements(self, count: int = 64) -> list[Measurement]:
        """Return the last that were started, as many as may be under way or belong to what is."""
        return self._all[-count:]

    def all_measurements(self) -> list[Measurement]:
        """Return everything that was run, in the order it started."""
        return list(self._all)

    def ranking(self, where: Callable[[Trial], bool] = lambda trial: True) -> list[Trial]:
        """Return the trials that rank and satisfy `where`, best first; ties go to the earlier.

        A trial that raced out of some folds ranks below every trial that was run on more of them.
        """
        ranked = [t for t in self.trials.values() if t.ranks and where(t)]
        most = max((t.folds for t in ranked), default=0)
        full = [t for t in ranked if t.folds == most]
        rest = [t for t in ranked if t.folds < most]
        return self.metric.ranked(full, lambda t: t.score) + sorted(
            rest, key=lambda t: (-t.folds, self.metric.sort_key(t.score))
        )

    @property
    def best(self) -> Trial | None:
        """The best trial by mean search score, among those run on all folds."""
        ranking = self.ranking()
        return ranking[0] if ranking else None

    def pinned(self, steps: int) -> History:
        """Return the history as the steps numbered below `steps` made it.

        What a step decides from this depends neither on how fast the steps beside it ran nor on whether the run was
        finished once and resumed: what the finish made, and the sealed score, are left out.

        Args:
            steps: Number of the first step that is not seen; `EVERYTHING` leaves nothing out.
        """
        view = History()
        view.__dict__.update(self.__dict__)
        if steps >= EVERYTHING:
            view.trials = dict(self.trials)
            return view
        view.trials = {number: trial for number, trial in self.trials.items() if trial.is_before(steps)}
        view.sealed = view.finished = None
        if self.noise is not None and self.noise.step is not None and self.noise.step >= steps:
            view.noise = None
        return view

    def snapshot(self) -> History:
        """Return a history that does not change when this one is fed: to be read by another thread."""
        kept = History()
        for name, value in self.__dict__.items():
            kept.__dict__[name] = value.copy() if isinstance(value, (dict, list)) else value
        return kept

    def with_trials(self, trials: Iterable[Trial]) -> History:
        """Return this pinned history with further finished trials, for a step that decides more than once."""
        view = History()
        view.__dict__.update(self.__dict__)
        view.trials = {**self.trials, **{trial.number: trial for trial in trials}}
        return view

    def validated(self, winner: int) -> list[ev.Validated]:
        """Return the checks of a winner, in their order; empty if none was made."""
        found = {known.check: known for known in self.validations.values() if known.winner == winner}
        return [found[check] for check in Check if check in found]

    def checks_of(self, trial: int) -> list[ev.Validated]:
        """Return the checks of a winner, or those in which a trial was run for the blend that won."""
        own = {known.check: known for known in self.validations.values() if trial in (known.trial, known.winner)}
        return [own[check] for check in Check if check in own]

    # --- feeding -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Take the next event."""
        if self.last is not None and not isinstance(event.payload, ev.RunResumed):
            self.wall_s += max(0.0, event.time - self.last.time)
        self.last = event
        handler = _HANDLERS.get(type(event.payload))
        if handler is not None:
            handler(self, event.payload, event.time)

    def restore(self, measurements: Iterable[Measurement]) -> None:
        """Take what was run, in the order it started; for a history whose trials were given to it as they were."""
        for measurement in measurements:
            self._keep(measurement, new=True)
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
        self._keep(_begun(payload, time), new=True)

    def _on_executed(self, payload: ev.Executed, time: float) -> None:
        key = (payload.code, payload.view, payload.seed)
        self._keep(_changed(self._measurements[key], execution=payload.execution, ended=time))

    def _on_graded(self, payload: ev.Graded, time: float) -> None:
        key = (payload.code, payload.view, payload.seed)
        known = self._measurements.get(key) or _begun(payload, time)
        self._keep(
            _changed(known, score=payload.score, problems=payload.problems, reported=payload.reported, graded=True),
            new=key not in self._measurements,
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

    def _on_finished(self, payload: ev.RunFinished, _: float) -> None:
        self.finished = payload

    def _update(self, number: int, **changes: Any) -> None:
        if changes.get("state") is TrialState.RUNNING and self.trials[number].state.is_final:
            changes.pop("state")
        self.trials[number] = _changed(self.trials[number], **changes)

    def _keep(self, measurement: Measurement, *, new: bool = False) -> None:
        key = (measurement.code, measurement.view, measurement.seed)
        if new:
            self._places[key] = len(self._all)
            self._all.append(measurement)
        else:
            self._all[self._places[key]] = measurement
        self._measurements[key] = measurement


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


_HANDLERS: dict[type[Payload], Callable[[History, Any, float], None]] = {
    ev.RunStarted: History._on_started,
    ev.RunResumed: History._on_resumed,
    ev.Asked: History._on_asked,
    ev.Answered: History._on_answered,
    ev.Charged: History._on_charged,
    ev.Noted: History._on_noted,
    ev.TrialCreated: History._on_created,
    ev.AttemptStarted: History._on_attempt,
    ev.Executed: History._on_executed,
    ev.Graded: History._on_graded,
    ev.Repaired: History._on_repaired,
    ev.EvidenceOpened: History._on_opened,
    ev.EvidenceVerified: History._on_verified,
    ev.Reviewed: History._on_reviewed,
    ev.Judged: History._on_judged,
    ev.TrialFinished: History._on_trial_finished,
    ev.StepFinished: History._on_step,
    ev.NoiseMeasured: History._on_noise,
    ev.SealedOpened: History._on_sealed,
    ev.SubmissionWritten: History._on_submission,
    ev.Validated: History._on_validated,
    ev.PhaseEntered: History._on_phase,
    ev.Told: History._on_told,
    ev.FinishPlanned: History._on_planned,
    ev.Remarked: History._on_remarked,
    ev.RunFinished: History._on_finished,
}
