"""Notices: the few moments of a run that a person who is away wants to hear of, in a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from assay.core.trial import Verdict
from assay.engine.outage import WAITING
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Row, Summary
from assay.report.formatting import format_count, format_duration, format_gain, format_money, format_score
from assay.report.rows import row_decimals

SHARES = (0.5, 0.9)
"""Shares of a limit on cost at which somebody is told, rising."""


class Moment(StrEnum):
    """What a notice is about."""

    FIRST_SCORE = "first-score"
    NEW_BEST = "new-best"
    WAITING = "waiting"
    COST = "cost"
    FINISH = "finish"
    DONE = "done"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message. It holds scores, money and the names of run, task and metric, and nothing that a candidate wrote."""

    moment: Moment
    run: str
    text: str


class Notices:
    """Says of each event whether somebody is to hear of it: once of each moment, and of every new best.

    Args:
        summary: What the run was at before the first event; nobody is told of that again.
    """

    def __init__(self, summary: Summary | None = None) -> None:
        self._summary = summary or Summary()
        self._told = self._past()
        self._shares = sum(self._cost_share() >= share for share in SHARES)
        self._real = {row.number for row in self._summary.leaders if row.verdict is Verdict.REAL}

    def take(self, event: Event) -> list[Notice]:
        """Take the next event in order; return what to say of it."""
        self._summary.apply(event)
        notices = []
        for moment, text in self._said(event):
            if moment in (Moment.NEW_BEST, Moment.COST) or moment not in self._told:
                self._told.add(moment)
                notices.append(Notice(moment=moment, run=self._summary.run, text=text))
        return notices

    def interrupted(self) -> Notice | None:
        """Return what to say when the process ends now; None where the run has ended, which is already told."""
        at = self._summary
        if not at.run or (at.finished is not None and Moment.DONE in self._told):
            return None
        text = f"stopped before its end after {format_duration(at.wall_s)}; everything is saved: assay resume {at.run}"
        return Notice(moment=Moment.INTERRUPTED, run=at.run, text=text)

    def _past(self) -> set[Moment]:
        at = self._summary
        past = {Moment.FIRST_SCORE} if at.best is not None else set()
        return past | ({Moment.FINISH} if at.phase == "finish" else set())

    def _said(self, event: Event) -> Iterator[tuple[Moment, str]]:
        payload = event.payload
        if isinstance(payload, (ev.TrialFinished, ev.Judged)):
            yield from self._best()
        elif isinstance(payload, ev.Remarked) and payload.code == WAITING:
            yield Moment.WAITING, "the model cannot be reached; the run waits for it and keeps what it has"
        elif isinstance(payload, (ev.Answered, ev.Charged)):
            yield from self._spent()
        elif isinstance(payload, ev.PhaseEntered) and payload.phase == "finish":
            yield Moment.FINISH, f"the search is over ({self._trials()}); the best is fitted and checked"
        elif isinstance(payload, ev.RunFinished):
            yield Moment.DONE, self._end(payload)
        elif isinstance(payload, ev.RunResumed):
            self._told -= {Moment.WAITING, Moment.FINISH, Moment.DONE}

    def _best(self) -> Iterator[tuple[Moment, str]]:
        best = self._summary.best
        if best is None:
            return
        yield Moment.FIRST_SCORE, f"first score: {self._score(best)}; real gains and the end will be told here"
        if best.verdict is Verdict.REAL and best.number not in self._real:
            self._real.add(best.number)
            yield Moment.NEW_BEST, f"new best, a real gain: #{best.number} {self._score(best)}{self._over(best)}"

    def _spent(self) -> Iterator[tuple[Moment, str]]:
        reached = sum(self._cost_share() >= share for share in SHARES)
        if reached > self._shares:
            self._shares = reached
            spent, most = self._summary.usage.cost_usd or Decimal(0), self._summary.limits.cost_usd or Decimal(0)
            yield Moment.COST, f"{format_money(spent)} of {format_money(most)} is spent"

    def _cost_share(self) -> float:
        cap, spent = self._summary.limits.cost_usd, self._summary.usage.cost_usd
        return float(spent / cap) if cap and spent is not None else 0.0

    def _end(self, payload: ev.RunFinished) -> str:
        at = self._summary
        winner = at.row(payload.winner) if payload.winner is not None else None
        result = f"#{winner.number} {self._score(winner)}{self._over(winner)}" if winner else "no solution with a score"
        sealed = at.sealed_score
        checked = f", sealed {format_score(sealed.value, sealed.std_error)}" if sealed is not None else ""
        end = f"{self._trials()} in {format_duration(at.wall_s)} · stopped by {payload.stopped_by}"
        return f"done: {result}{checked} · {end}"

    def _trials(self) -> str:
        return format_count(self._summary.counted, "trial")

    def _score(self, row: Row) -> str:
        metric = self._summary.metric
        name = f" {metric.name}" if metric is not None else ""
        return f"{format_score(row.score, decimals=row_decimals(row))}{name}"

    def _over(self, row: Row) -> str:
        base, metric = self._summary.baseline, self._summary.metric
        if metric is None or base is None or base.score is None or row.score is None:
            return ""
        if base.number == row.number:
            return " (the baseline: nothing better was found)"
        return f" ({format_gain(metric.gain(row.score, base.score))} over the baseline)"
