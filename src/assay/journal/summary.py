"""Summary: a run at a glance, small enough to be stored beside the journal and brought up to date by new events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from assay.core.budget import Limits, Spent
from assay.core.codec import decode, encode
from assay.core.errors import IntegrityError
from assay.core.files import write_whole
from assay.core.finish_plan import FinishPlan
from assay.core.metric import Metric
from assay.core.score import Score
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal

_LEADERS = 20
_LATELY = 12
_REMARKS = 8
_CURVE = 60
_CUT = "cut"
_PHASE = "phase/"
"""How the keys of notes begin with which a strategy says in which of its phases a step is."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One trial as a line of a table."""

    number: int
    title: str
    operator: str
    key: str = ""
    """Of the trial within the run; says where a strategy with phases made it."""
    parents: tuple[int, ...] = ()
    step: int | None = None
    counts: bool = True
    state: TrialState = TrialState.WAITING
    attempts: int = 0
    score: float | None = None
    std_error: float | None = None
    folds: int = 0
    wall_s: float = 0.0
    reason: str = ""
    verdict: Verdict | None = None
    against: int | None = None
    effect: float | None = None
    same_sign: int | None = None
    judged_folds: int | None = None
    created: float = 0.0
    finished: float = 0.0

    @property
    def ranks(self) -> bool:
        """Whether the trial takes part in the ranking."""
        return self.counts and self.state is TrialState.COMPLETE and self.score is not None


@dataclass(kw_only=True)
class Summary:
    """What `status`, `ls` and the live view show. Its size does not grow with the number of trials.

    It agrees with `History` on every field that both have, as long as a scored trial stays scored: of the ranking it
    keeps the first 20 places only, so more than 20 leaders taken back later would leave it without a best.
    """

    run: str = ""
    task: str = ""
    metric: Metric | None = None
    strategy: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    """Options of the strategy."""
    model: str = ""
    seed: int = 0
    sandbox: str = ""
    limits: Limits = field(default_factory=Limits)
    started: float = 0.0
    """Seconds since the epoch of the first event."""
    time: float = 0.0
    """Seconds since the epoch of the last event."""
    events: int = 0
    resumes: int = 0
    phase: str = ""
    under_way: dict[str, str] = field(default_factory=dict)
    """Phases of the strategy's steps that began and did not end, as `step-0002/merge`, each with the key of the last
    question or trial of its step."""
    cut: dict[str, str] = field(default_factory=dict)
    """Phases that the end of the search cut off or that never began, as `step-0002/merge`, each with the reason."""
    first_steps: dict[str, int] = field(default_factory=dict)
    """By phase, the first step that was in it."""
    wall_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    trials: int = 0
    variants: int = 0
    """Trials that do not count: ablation variants and reseeds."""
    scored: int = 0
    """Trials that entered the ranking."""
    states: dict[str, int] = field(default_factory=dict)
    """Number of trials by state, variants included."""
    repairs: int = 0
    open: tuple[Row, ...] = ()
    """Trials that are waiting or running."""
    stopped: tuple[Row, ...] = ()
    """Trials of unfinished steps that the end of the run cut off: a resumption goes on with them."""
    proposals: int = 0
    """Steps begun, of which each makes one proposal: what the bound on trials counts."""
    lately: tuple[Row, ...] = ()
    """The last finished trials, oldest first, at most 12."""
    leaders: tuple[Row, ...] = ()
    """The first 20 places of the ranking."""
    baselines: tuple[Row, ...] = ()
    """Scored trials judged as baselines, best first."""
    rejected: tuple[Row, ...] = ()
    """The last rejected trials, oldest first, at most 12."""
    curve: tuple[tuple[int, float], ...] = ()
    """Trial and score of every new best, at most the last 60."""
    noise: float | None = None
    """The measured noise floor."""
    sealed: ev.SealedOpened | None = None
    submission: ev.SubmissionWritten | None = None
    validated: tuple[ev.Validated, ...] = ()
    """The checks of the last winner that had any, each by its last end."""
    told: int = 0
    finish_plan: FinishPlan | None = None
    """When a person wants the run to finish up."""
    remarks: tuple[ev.Remarked, ...] = ()
    """The last remarks, oldest first, at most 8."""
    finished: ev.RunFinished | None = None

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
    def counted(self) -> int:
        """Trials that take part in the search: all but the variants."""
        return self.trials - self.variants

    @property
    def best(self) -> Row | None:
        """The best trial, as `History.best` chooses it."""
        return self.leaders[0] if self.leaders else None

    @property
    def baseline(self) -> Row | None:
        """The best of the baselines."""
        return self.baselines[0] if self.baselines else None

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

    def row(self, number: int) -> Row | None:
        """Return a trial that is open, recent, leading, a baseline or rejected; None if it is none of these."""
        for rows in (self.open, self.stopped, self.lately, self.leaders, self.baselines, self.rejected):
            for row in rows:
                if row.number == number:
                    return row
        return None

    def apply(self, event: Event) -> None:
        """Take the next event."""
        if self.events and not isinstance(event.payload, ev.RunResumed):
            self.wall_s += max(0.0, event.time - self.time)
        self.events = event.number + 1
        self.time = event.time
        handler = _HANDLERS.get(event.payload.kind)
        if handler is not None:
            handler(self, event.payload, event.time)

    # --- events --------------------------------------------------------------------------------------------------

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
        for row in self.stopped:
            self._reopen(row)
        self.stopped = ()

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
        self.trials += 1
        self.variants += not payload.counts
        self._count(TrialState.WAITING, 1)
        self.open = (*self.open, row)

    def _on_attempt(self, payload: ev.AttemptStarted, _: float) -> None:
        row = self._opened(payload.trial)
        if row is not None:
            self._count(row.state, -1)
            self._count(TrialState.RUNNING, 1)
            self._replace(replace(row, state=TrialState.RUNNING, attempts=payload.attempt))

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
        self._replace(judged)
        self._place_baseline(judged)

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
        self._count(before.state, -1)
        self._count(row.state, 1)
        self.scored += row.ranks - before.ranks
        self.open = _without(self.open, row.number)
        self.lately = (*_without(self.lately, row.number), row)[-_LATELY:]
        self.rejected = _without(self.rejected, row.number)
        if row.state is TrialState.REJECTED:
            self.rejected = (*self.rejected, row)[-_LATELY:]
        if row.state is TrialState.STOPPED:
            self.stopped = (*self.stopped, row)
        self._place(row)
        self._place_baseline(row)

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

    def _on_told(self, payload: ev.Told, _: float) -> None:
        self.told += 1

    def _on_planned(self, payload: ev.FinishPlanned, _: float) -> None:
        self.finish_plan = payload.plan

    def _on_remarked(self, payload: ev.Remarked, _: float) -> None:
        self.remarks = (*self.remarks, payload)[-_REMARKS:]
        self.wall_s = max(0.0, self.wall_s - payload.jump_s)

    def _on_finished(self, payload: ev.RunFinished, _: float) -> None:
        self.finished = payload

    # --- tables --------------------------------------------------------------------------------------------------

    def _count(self, state: TrialState, by: int) -> None:
        number = self.states.get(state, 0) + by
        if number:
            self.states[state.value] = number
        else:
            self.states.pop(state, None)

    def _reopen(self, row: Row) -> None:
        state = TrialState.RUNNING if row.attempts else TrialState.WAITING
        self._count(row.state, -1)
        self._count(state, 1)
        self.lately = _without(self.lately, row.number)
        opened = (*self.open, replace(row, state=state, reason="", finished=0.0))
        self.open = tuple(sorted(opened, key=lambda one: one.number))

    def _opened(self, number: int) -> Row | None:
        return next((row for row in self.open if row.number == number), None)

    def _replace(self, row: Row) -> None:
        for name in ("open", "stopped", "lately", "leaders", "baselines", "rejected"):
            rows: tuple[Row, ...] = getattr(self, name)
            setattr(self, name, tuple(row if r.number == row.number else r for r in rows))

    def _place(self, row: Row) -> None:
        before = self.best
        self.leaders = self._ranked(_without(self.leaders, row.number), row)
        best = self.best
        if best is not None and best.score is not None and (before is None or best.number != before.number):
            self.curve = (*self.curve, (best.number, best.score))[-_CURVE:]

    def _place_baseline(self, row: Row) -> None:
        rest = _without(self.baselines, row.number)
        self.baselines = self._ranked(rest, row) if row.verdict is Verdict.BASELINE else rest

    def _ranked(self, rows: tuple[Row, ...], row: Row) -> tuple[Row, ...]:
        metric = self.metric
        if metric is None or not row.ranks:
            return rows
        key = lambda r: (-r.folds, metric.sort_key(r.score), r.number)  # noqa: E731 - a key needs no name of its own
        return tuple(sorted((*rows, row), key=key))[:_LEADERS]


def _without(rows: tuple[Row, ...], number: int) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.number != number)


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
    ev.Remarked.kind: Summary._on_remarked,
    ev.RunFinished.kind: Summary._on_finished,
}


class SummaryFile:
    """The summary of a run folder: `summary.json` and whatever the journal has gained since it was written.

    The engine's heartbeat calls `refresh`; everybody else calls `read`. Losing the file costs one slow read.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "summary.json"
        self._journal_path = folder / "events.jsonl"
        self._journal = FileJournal(self._journal_path)
        self._summary: Summary | None = None
        self._offset = 0
        self._digest = ""

    def read(self) -> Summary:
        """Return the summary as of the last whole event of the journal; only new events are read.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        if self._summary is None:
            self._load()
        try:
            return self._advance()
        except IntegrityError:
            # The stored offset may belong to a journal that was healed or replaced; from the start is the last word.
            self._forget()
            return self._advance()

    def refresh(self) -> Summary:
        """Do as `read`, then store the result for others. For the one process that holds the run."""
        before = self._offset
        summary = self.read()
        if self._offset != before or not self._path.exists():
            value = {"offset": self._offset, "digest": self._digest, "summary": summary.as_json()}
            write_whole(self._path, json.dumps(value, separators=(",", ":")))
        return summary

    def _load(self) -> None:
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
            offset, digest, summary = int(value["offset"]), str(value["digest"]), Summary.from_json(value["summary"])
            if self._journal_size() < offset:
                raise ValueError("the journal is shorter than it was")
        except (OSError, ValueError, KeyError, TypeError):
            self._forget()
            return
        self._offset, self._digest, self._summary = offset, digest, summary

    def _advance(self) -> Summary:
        summary = self._summary or Summary()
        events, self._offset = self._journal.read_from(self._offset, self._digest)
        for event in events:
            summary.apply(event)
            self._digest = event.digest
        self._summary = summary
        return summary

    def _journal_size(self) -> int:
        return self._journal_path.stat().st_size

    def _forget(self) -> None:
        self._summary, self._offset, self._digest = Summary(), 0, ""
