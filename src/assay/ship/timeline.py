"""Timeline: what happened in a run, one line a moment, told from its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import History

SKIPPED = "W443"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One line of the timeline."""

    at: float
    """Seconds since the epoch."""
    what: str
    """`question`, `edit`, `score`, `person`, `holdout`, `delivery`, `engine`."""
    text: str
    """Of Assay's own."""
    said: str = ""
    """Words of a model or a person; untrusted."""


def timeline(events: list[Event], history: History) -> Iterator[Moment]:
    """Yield what the events tell, in their order."""
    for event in events:
        told = _told(event.payload, history)
        if told is not None:
            what, text, said = told
            yield Moment(at=event.time, what=what, text=text, said=said)


def _told(payload: ev.Payload, history: History) -> tuple[str, str, str] | None:
    for kinds, tell in _TELLERS:
        if isinstance(payload, kinds):
            return tell(payload, history)
    return None


def _question(payload: ev.Answered, _: History) -> tuple[str, str, str]:
    cost = f", ${payload.usage.cost_usd}" if payload.usage.cost_usd is not None else ""
    tokens = f", {payload.usage.tokens:,} tokens{cost}" if payload.usage.requests else ""
    failed = ": no usable answer" if payload.error else ""
    looked = f", {len(payload.sources)} web pages looked at" if payload.searched else ""
    return (
        "question",
        f"{payload.model or 'nobody'} answered {payload.role} ({payload.key}){tokens}{looked}{failed}",
        "",
    )


def _created(payload: ev.TrialCreated, _: History) -> tuple[str, str, str]:
    parents = f" from {', '.join(f'#{n}' for n in payload.parents)}" if payload.parents else ""
    return "edit", f"#{payload.trial} written: {payload.operator}{parents}, {payload.candidate[:12]}", payload.title


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _repaired(payload: ev.Repaired, _: History) -> tuple[str, str, str]:
    return "edit", f"#{payload.trial} mended by {payload.by}, {payload.candidate[:12]}", payload.cause


def _finished(payload: ev.TrialFinished, history: History) -> tuple[str, str, str]:
    score = f" {payload.score:.6g} over {_count(payload.folds, 'fold')}" if payload.score is not None else ""
    verdict = history.trials[payload.trial].verdict if payload.trial in history.trials else None
    word = f", {verdict}" if verdict and payload.state is TrialState.COMPLETE else ""
    return "score", f"#{payload.trial} {payload.state}{score}{word}", payload.reason


def _sealed(payload: ev.SealedOpened, _: History) -> tuple[str, str, str]:
    score = f": {payload.score.value:.6g} on {payload.score.rows:,} rows" if payload.score is not None else ": no score"
    return "holdout", f"sealed rows opened for #{payload.trial}{score}", "; ".join(payload.problems)


def _told_by(payload: ev.Told, _: History) -> tuple[str, str, str]:
    return "person", f"a person said ({payload.what})", payload.text


def _planned(payload: ev.FinishPlanned, _: History) -> tuple[str, str, str]:
    return "person", "a person planned the finish" if payload.plan is not None else "a person took the plan back", ""


def _paused(payload: ev.Paused, _: History) -> tuple[str, str, str]:
    return "person", "a person paused the search" if payload.on else "a person let the search go on", ""


def _noted_score(payload: ev.ScoredElsewhere, _: History) -> tuple[str, str, str]:
    return "person", f"a person noted {payload.score:.6g} for #{payload.trial}, measured elsewhere", payload.where


def _resumed(payload: ev.RunResumed, _: History) -> tuple[str, str, str]:
    return "person", "the run was taken up again" + (", with new limits" if payload.limits is not None else ""), ""


def _remarked(payload: ev.Remarked, _: History) -> tuple[str, str, str]:
    return "person" if payload.code == SKIPPED else "engine", payload.code, payload.text


def _written(payload: ev.SubmissionWritten, _: History) -> tuple[str, str, str]:
    return "delivery", f"submission of #{payload.trial} written, {payload.rows:,} rows", ""


def _checked(payload: ev.Validated, _: History) -> tuple[str, str, str]:
    return "engine", f"#{payload.trial} checked for {payload.check.words}: {payload.verdict}", payload.detail


def _ended(payload: ev.RunFinished, _: History) -> tuple[str, str, str]:
    winner = f", winner #{payload.winner}" if payload.winner is not None else ""
    return "engine", f"run ended by {payload.stopped_by}{winner}, exit {payload.exit_code}", ""


_TELLERS: tuple[tuple[type[ev.Payload], Callable[[Any, History], tuple[str, str, str]]], ...] = (
    (ev.Answered, _question),
    (ev.TrialCreated, _created),
    (ev.Repaired, _repaired),
    (ev.TrialFinished, _finished),
    (ev.SealedOpened, _sealed),
    (ev.Told, _told_by),
    (ev.FinishPlanned, _planned),
    (ev.Paused, _paused),
    (ev.ScoredElsewhere, _noted_score),
    (ev.RunResumed, _resumed),
    (ev.Remarked, _remarked),
    (ev.SubmissionWritten, _written),
    (ev.Validated, _checked),
    (ev.RunFinished, _ended),
)
