"""Summary: a run at a glance, small enough to be stored beside the journal and brought up to date by new events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from assay.core.budget import Limits, Spent
from assay.core.codec import decode, encode
from assay.core.finish_plan import FinishPlan
from assay.core.score import Score
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history.tables import SEARCH
from assay.journal.summary.row import Row
from assay.journal.summary.rows import Rows

_REMARKS = 8
_CUT = "cut"
_PHASE = "phase/"
"""How the keys of notes begin with which a strategy says in which of its phases a step is."""


@dataclass(kw_only=True)
class Summary(Rows):
    """What `status`, `ls` and the live view show. Its size does not grow with the number of trials.

    It agrees with `History` on every field that both have, as long as a scored trial stays scored: of the ranking it
    keeps the first 20 places only, so more than 20 leaders taken back later would leave it without a best.
    """

    run: str = ""
    """Name of the run."""
    task: str = ""
    """Name of its task."""
    strategy: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    """Options of the strategy."""
    model: str = ""
    """Who answers, as `--model` names it."""
    seed: int = 0
    sandbox: str = ""
    """Tier."""
    limits: Limits = field(default_factory=Limits)
    """Those in force."""
    started: float = 0.0
    """Seconds since the epoch of the first event."""
    time: float = 0.0
    """Seconds since the epoch of the last event."""
    events: int = 0
    """How many it was made from."""
    resumes: int = 0
    """How often the run was taken up again."""
    phase: str = ""
    """The last that was entered."""
    under_way: dict[str, str] = field(default_factory=dict)
    """Phases of the strategy's steps that began and did not end, as `step-0002/merge`, each with the key of the last
    question or trial of its step."""
    cut: dict[str, str] = field(default_factory=dict)
    """Phases that the end of the search cut off or that never began, as `step-0002/merge`, each with the reason."""
    first_steps: dict[str, int] = field(default_factory=dict)
    """By phase, the first step that was in it."""
    wall_s: float = 0.0
    """Seconds of running, the pauses before resumptions left out."""
    usage: Usage = field(default_factory=Usage)
    """Of all answers."""
    repairs: int = 0
    """How many candidates were mended."""
    proposals: int = 0
    """Steps begun, of which each makes one proposal: what the bound on trials counts."""
    noise: float | None = None
    """The measured noise floor."""
    sealed: ev.SealedOpened | None = None
    submission: ev.SubmissionWritten | None = None
    validated: tuple[ev.Validated, ...] = ()
    """The checks of the last winner that had any, each by its last end."""
    told: int = 0
    """How often a person said something."""
    finish_plan: FinishPlan | None = None
    """When a person wants the run to finish up."""
    paused_since: float | None = None
    """When a person paused the search, seconds since the epoch; None while it goes on, and once it is over."""
    remarks: tuple[ev.Remarked, ...] = ()
    """The last remarks, oldest first, at most 8."""
    finished: ev.RunFinished | None = None
    """Its end; None before, and again once it is taken up."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> Summary:
        """Return the summary of `events`."""
        summary = cls()
        for event in events:
            summary.apply(event)
        return summary

    @classmethod
    def from_json(cls, value: Any) -> Summary:
        """Return the summary that `as_json` made `value` from.

        Raises:
            TypeError, ValueError, KeyError: `value` is no summary of this version.
        """
        return decode(cls, value)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values; fields at their default are left out."""
        value: dict[str, Any] = encode(self)
        return value

    @property
    def spent(self) -> Spent:
        """What the run has used so far."""
        return Spent(
            trials=self.counted,
            wall_s=self.wall_s,
            tokens=self.usage.tokens,
            cost_usd=self.usage.cost_usd or Decimal(0),
            unpriced_requests=self.usage.unpriced,
        )

    @property
    def sealed_score(self) -> Score | None:
        """The score on the sealed holdout, once it was opened and graded."""
        return self.sealed.score if self.sealed else None

    def apply(self, event: Event) -> None:
        """Take the next event."""
        if self.events and event.payload.takes_time:
            self.wall_s += max(0.0, event.time - self.time)
        self.events = event.number + 1
        self.time = event.time
        handler = _HANDLERS.get(event.payload.kind)
        if handler is not None:
            handler(self, event.payload, event.time)

    def _on_started(self, payload: ev.RunStarted, time: float) -> None:
        self.run = payload.run
        self.task = payload.task.name
        self.metric = payload.task.metric
        self.strategy = payload.strategy
        self.arguments = dict(payload.arguments)
        self.model = payload.model
        self.seed = payload.seed
        self.sandbox = payload.sandbox
        self.limits = payload.limits
        self.started = time

    def _on_resumed(self, payload: ev.RunResumed, _: float) -> None:
        self.resumes += 1
        self.finished = None
        self.sandbox = payload.sandbox or self.sandbox
        self.limits = payload.limits or self.limits
        self.finish_plan = self.finish_plan if payload.limits is None else None
        self._take_up()

    def _on_charged(self, payload: ev.Answered | ev.Charged, _: float) -> None:
        self.usage = self.usage + payload.usage

    def _on_asked(self, payload: ev.Asked, _: float) -> None:
        self._at(payload.key)

    def _on_noted(self, payload: ev.Noted, time: float) -> None:
        if not payload.key.startswith(_PHASE):
            return
        phase, _, what = payload.key.removeprefix(_PHASE).rpartition("/")
        if what == "begun":
            self.under_way = {**self.under_way, phase: ""}
        if what in ("begun", _CUT):
            step, _, name = phase.removeprefix("step-").partition("/")
            if step.isdecimal():
                self.first_steps[name] = min(int(step), self.first_steps.get(name, int(step)))
        if what == _CUT:
            self.cut = {**self.cut, phase: str(payload.value.get("skipped", ""))}
        elif what == "ended":
            self.under_way = {known: at for known, at in self.under_way.items() if known != phase}
            self.cut = {known: why for known, why in self.cut.items() if known != phase}

    def _at(self, key: str) -> None:
        step = f"{key.partition('/')[0]}/"
        for phase in self.under_way:
            if phase.startswith(step):
                self.under_way[phase] = key

    def _on_created(self, payload: ev.TrialCreated, time: float) -> None:
        self._at(payload.key)
        row = Row(
            number=payload.trial,
            title=payload.title,
            operator=payload.operator,
            key=payload.key,
            parents=payload.parents,
            step=payload.step,
            counts=payload.counts,
            created=time,
        )
        self.proposals = max(self.proposals, 0 if row.step is None else row.step + 1)
        self._add(row)

    def _on_attempt(self, payload: ev.AttemptStarted, _: float) -> None:
        self._run(payload.trial, payload.attempt)

    def _on_repaired(self, payload: ev.Repaired, _: float) -> None:
        self.repairs += 1

    def _on_judged(self, payload: ev.Judged, _: float) -> None:
        row = self.row(payload.trial)
        if row is None:
            return
        judged = replace(
            row,
            verdict=payload.verdict,
            against=payload.against,
            effect=payload.effect,
            same_sign=payload.same_sign,
            judged_folds=payload.folds,
        )
        self._judge(judged)

    def _on_trial_finished(self, payload: ev.TrialFinished, time: float) -> None:
        before = self.row(payload.trial)
        if before is None:
            return
        row = replace(
            before,
            state=payload.state,
            score=payload.score,
            std_error=payload.std_error,
            folds=payload.folds,
            wall_s=payload.wall_s,
            reason=payload.reason,
            finished=time,
        )
        self._finish(before, row)

    def _on_step(self, payload: ev.StepFinished, _: float) -> None:
        self.proposals = max(self.proposals, payload.step + 1)
        self.stopped = tuple(row for row in self.stopped if row.step != payload.step)

    def _on_noise(self, payload: ev.NoiseMeasured, _: float) -> None:
        self.noise = payload.floor

    def _on_sealed(self, payload: ev.SealedOpened, _: float) -> None:
        self.sealed = payload

    def _on_submission(self, payload: ev.SubmissionWritten, _: float) -> None:
        self.submission = payload

    def _on_validated(self, payload: ev.Validated, _: float) -> None:
        rest = [one for one in self.validated if one.winner == payload.winner and one.check is not payload.check]
        self.validated = (*rest, payload)

    def _on_phase(self, payload: ev.PhaseEntered, _: float) -> None:
        self.phase = payload.phase
        self.paused_since = self.paused_since if payload.phase == SEARCH else None

    def _on_told(self, payload: ev.Told, _: float) -> None:
        self.told += 1

    def _on_planned(self, payload: ev.FinishPlanned, _: float) -> None:
        self.finish_plan = payload.plan

    def _on_paused(self, payload: ev.Paused, time: float) -> None:
        self.paused_since = time if payload.on else None

    def _on_remarked(self, payload: ev.Remarked, _: float) -> None:
        self.remarks = (*self.remarks, payload)[-_REMARKS:]
        self.wall_s = max(0.0, self.wall_s - payload.jump_s)

    def _on_finished(self, payload: ev.RunFinished, _: float) -> None:
        self.finished = payload


_HANDLERS: dict[str, Callable[[Summary, Any, float], None]] = {
    ev.RunStarted.kind: Summary._on_started,
    ev.RunResumed.kind: Summary._on_resumed,
    ev.Asked.kind: Summary._on_asked,
    ev.Noted.kind: Summary._on_noted,
    ev.Answered.kind: Summary._on_charged,
    ev.Charged.kind: Summary._on_charged,
    ev.TrialCreated.kind: Summary._on_created,
    ev.AttemptStarted.kind: Summary._on_attempt,
    ev.Repaired.kind: Summary._on_repaired,
    ev.Judged.kind: Summary._on_judged,
    ev.TrialFinished.kind: Summary._on_trial_finished,
    ev.StepFinished.kind: Summary._on_step,
    ev.NoiseMeasured.kind: Summary._on_noise,
    ev.SealedOpened.kind: Summary._on_sealed,
    ev.SubmissionWritten.kind: Summary._on_submission,
    ev.Validated.kind: Summary._on_validated,
    ev.PhaseEntered.kind: Summary._on_phase,
    ev.Told.kind: Summary._on_told,
    ev.FinishPlanned.kind: Summary._on_planned,
    ev.Paused.kind: Summary._on_paused,
    ev.Remarked.kind: Summary._on_remarked,
    ev.RunFinished.kind: Summary._on_finished,
}
