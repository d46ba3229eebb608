"""Narrate: each event as one line of words, for plain displays and for `logs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.cli.display.phases import layout_known, told
from assay.cli.output import one_line
from assay.core.clock import iso_utc
from assay.core.trial import TrialState, Verdict
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Summary
from assay.report.formatting import (
    MISSING,
    format_bytes,
    format_count,
    format_duration,
    format_gain,
    format_money,
    format_score,
    format_spread,
)
from assay.report.rows import digits

_WIDTH = 160

MINOR = frozenset({"asked", "answered", "noted", "step-finished", "attempt-started", "executed", "graded"})
"""Kinds that a person who watches a run does not need line by line."""


def narrate(event: Event, summary: Summary | None = None) -> str:
    """Return what happened, in at most 160 characters of safe text.

    Args:
        event: What happened.
        summary: The run so far, which numbers the paths of a strategy that has them.
    """
    payload = event.payload
    if isinstance(payload, ev.Noted) and (words := told(payload, summary)):
        return one_line(words, _WIDTH)
    if isinstance(payload, ev.TrialCreated) and summary is not None and (layout := layout_known(summary)):
        place = layout.briefly(payload.key, payload.operator)
        return one_line(_created(payload) + (f" · {place}" if place else ""), _WIDTH)
    teller = _TELLERS.get(payload.kind)
    return one_line(teller(payload) if teller else payload.kind, _WIDTH)


def _started(p: ev.RunStarted) -> str:
    better = "higher" if p.task.metric.higher_is_better else "lower"
    graded = f", {p.task.metric.name} ({better} is better)" if p.task.graded else ""
    return f"run {p.run} started: {p.task.name}{graded}, {p.model}, sandbox {p.sandbox}"


def _resumed(p: ev.RunResumed) -> str:
    return f"run resumed by process {p.pid}" if p.pid else "run resumed"


def _asked(p: ev.Asked) -> str:
    return f"asked {p.role} ({p.key})"


def _answered(p: ev.Answered) -> str:
    if p.error:
        return f"no answer from {p.role}: {p.error}"
    if p.kept:
        return f"{p.role} answered from a search that an earlier run made on {p.kept}"
    took = format_duration(p.latency_s)
    tokens = f", {p.usage.tokens:,} tokens" if p.usage.tokens else ""
    money = f", {format_money(p.usage.cost_usd)}" if p.usage.cost_usd else ""
    return f"{p.role} answered by {p.model} in {took}{tokens}{money}"


def _charged(p: ev.Charged) -> str:
    money = f", {format_money(p.usage.cost_usd)}" if p.usage.cost_usd else ""
    return f"{p.role} not answered, {p.usage.tokens:,} tokens{money} taken all the same: {p.error}"


def _noted(p: ev.Noted) -> str:
    if p.key.startswith("machine/"):
        return "the machine was looked at"
    if p.key == "data/examined" and isinstance(p.value, list):
        return f"data checked: {', '.join(map(str, p.value)) or 'nothing that may mislead'}"
    return f"decided {p.key.replace('/', ', ')}"


def _created(p: ev.TrialCreated) -> str:
    parents = f" from {', '.join(f'#{n}' for n in p.parents)}" if p.parents else ""
    return f"#{p.trial} created: {p.title} ({p.operator}{parents})"


def _attempt(p: ev.AttemptStarted) -> str:
    again = f", attempt {p.attempt}" if p.attempt > 1 else ""
    return f"#{p.trial} runs on {p.view}{again}"


def _executed(p: ev.Executed) -> str:
    e = p.execution
    memory = f", {format_bytes(e.peak_memory_bytes)}" if e.peak_memory_bytes else ""
    detail = f": {e.detail}" if e.detail else ""
    return f"#{p.trial} {p.view} ended: {e.outcome} in {format_duration(e.wall_s)}{memory}{detail}"


def _graded(p: ev.Graded) -> str:
    if p.score is not None:
        return f"#{p.trial} {p.view} graded: {format_score(p.score.value)}{' (partial)' if p.score.partial else ''}"
    return f"#{p.trial} {p.view} not graded: {'; '.join(p.problems) or 'no predictions'}"


def _repaired(p: ev.Repaired) -> str:
    return f"#{p.trial} mended by {p.by} for attempt {p.attempt}: {p.cause}"


def _judged(p: ev.Judged) -> str:
    against = f" against #{p.against}" if p.against is not None else ""
    gain = f": {format_gain(p.effect)}" if p.effect is not None else ""
    folds = f", better in {p.same_sign} of {p.folds} folds" if p.same_sign is not None and p.folds else ""
    reasons = f" ({'; '.join(p.reasons)})" if p.reasons and p.verdict is not Verdict.BASELINE else ""
    return f"#{p.trial} judged {p.verdict}{against}{gain}{folds}{reasons}"


def _trial_finished(p: ev.TrialFinished) -> str:
    if p.state is TrialState.COMPLETE:
        flags = f" · {'; '.join(p.flags)}" if p.flags else ""
        decimals = digits(p.score, p.std_error)
        spread = f" {format_spread(p.std_error, decimals=decimals)}" if p.std_error is not None else ""
        if p.score is None and not p.folds:
            return f"#{p.trial} complete{flags}"
        score = format_score(p.score, decimals=decimals)
        return f"#{p.trial} complete: {score}{spread} over {format_count(p.folds, 'fold')}{flags}"
    return f"#{p.trial} {p.state}: {p.reason or MISSING}"


def _step(p: ev.StepFinished) -> str:
    return f"step {p.step} done{f': {p.summary}' if p.summary else ''}"


def _noise(p: ev.NoiseMeasured) -> str:
    if p.floor is None:
        return "noise not measured: no time for it; nothing can be judged better than maybe"
    return f"noise measured by {p.reseeds} reseeds: gains under {format_score(p.floor)} count as noise"


def _sealed(p: ev.SealedOpened) -> str:
    if p.score is None:
        return f"sealed holdout opened for #{p.trial}: not graded: {'; '.join(p.problems) or 'no predictions'}"
    return f"sealed holdout opened for #{p.trial}: {format_score(p.score.value)}{interval(p)}"


def interval(sealed: ev.SealedOpened) -> str:
    """Return ` (95 % interval 0.11 to 0.13)` of a sealed score, or nothing when there is none."""
    score = sealed.score
    if score is None or score.low is None or score.high is None:
        return ""
    ends = [format_score(v, score.std_error) for v in (score.low, score.high)]
    return f" (95 % interval {ends[0]} to {ends[1]})"


def _submission(p: ev.SubmissionWritten) -> str:
    return f"submission.csv is now that of #{p.trial}, {p.rows:,} rows"


def _validated(p: ev.Validated) -> str:
    whose = f"#{p.winner}" if p.trial == p.winner else f"#{p.trial}, the heaviest member of #{p.winner},"
    return f"{whose} checked for {p.check.words}: {p.verdict}: {p.detail}"


def _phase(p: ev.PhaseEntered) -> str:
    return f"phase: {p.phase}"


_WISHES = {ev.Wish.REMARK: "", ev.Wish.HINT: " to try", ev.Wish.BLOCK: " to refine first"}


def _told(p: ev.Told) -> str:
    return f"told{_WISHES[p.what]}: {p.text}"


def _planned(p: ev.FinishPlanned) -> str:
    if p.plan is None:
        return "the planned finish was taken back"
    note = f": {p.plan.note}" if p.plan.note else ""
    return f"finish planned for {iso_utc(p.plan.at)}{note}"


def _paused(p: ev.Paused) -> str:
    return "paused by a person: nothing new is started" if p.on else "a person had it go on"


def _elsewhere(p: ev.ScoredElsewhere) -> str:
    return f"#{p.trial} scored {format_score(p.score)} on {p.where}: noted by a person, never ranked"


def _remarked(p: ev.Remarked) -> str:
    return f"warning[{p.code}]: {p.text}"


def _finished(p: ev.RunFinished) -> str:
    winner = f", winner #{p.winner}" if p.winner is not None else ", no winner"
    return f"run finished: stopped by {p.stopped_by}{winner}, exit {p.exit_code}"


def _opened(p: ev.EvidenceOpened) -> str:
    return f"#{p.trial} attempt {p.attempt} has the tracking run {p.run}" if p.run else f"#{p.trial} needs no run"


def _verified(p: ev.EvidenceVerified) -> str:
    wrong = "; ".join(finding.sentence for finding in p.findings if not finding.passed)
    return f"#{p.trial} evidence {'verified' if p.passed else f'does not hold: {wrong}'}"


def _reviewed(p: ev.Reviewed) -> str:
    critical = f", critical: {'; '.join(p.critical)}" if p.critical else ""
    return f"#{p.trial} {p.reviewer}, {p.point} attempt {p.attempt}: {p.verdict}{critical}"


_TELLERS: dict[str, Callable[[Any], str]] = {
    ev.RunStarted.kind: _started,
    ev.RunResumed.kind: _resumed,
    ev.Asked.kind: _asked,
    ev.Answered.kind: _answered,
    ev.Charged.kind: _charged,
    ev.Noted.kind: _noted,
    ev.TrialCreated.kind: _created,
    ev.AttemptStarted.kind: _attempt,
    ev.Executed.kind: _executed,
    ev.Graded.kind: _graded,
    ev.Repaired.kind: _repaired,
    ev.Judged.kind: _judged,
    ev.TrialFinished.kind: _trial_finished,
    ev.StepFinished.kind: _step,
    ev.NoiseMeasured.kind: _noise,
    ev.SealedOpened.kind: _sealed,
    ev.SubmissionWritten.kind: _submission,
    ev.Validated.kind: _validated,
    ev.PhaseEntered.kind: _phase,
    ev.Told.kind: _told,
    ev.FinishPlanned.kind: _planned,
    ev.Paused.kind: _paused,
    ev.ScoredElsewhere.kind: _elsewhere,
    ev.Remarked.kind: _remarked,
    ev.RunFinished.kind: _finished,
    ev.EvidenceOpened.kind: _opened,
    ev.EvidenceVerified.kind: _verified,
    ev.Reviewed.kind: _reviewed,
}
