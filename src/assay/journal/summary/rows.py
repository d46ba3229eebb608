"""Rows: the trials of a run as short tables, kept up to date trial by trial."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from assay.core.metric import Metric
from assay.core.trial import TrialState, Verdict
from assay.journal.summary.row import Row

_LEADERS = 20
_LATELY = 12
_CURVE = 60


@dataclass(kw_only=True)
class Rows:
    """The trials that a glance shows: open, recent, leading, baselines, rejected. Its size does not grow with them."""

    metric: Metric | None = None
    """What ranks them; None before the run started."""
    trials: int = 0
    """How many were created, variants included."""
    variants: int = 0
    """Trials that do not count: ablation variants and reseeds."""
    scored: int = 0
    """Trials that entered the ranking."""
    states: dict[str, int] = field(default_factory=dict)
    """Number of trials by state, variants included."""
    open: tuple[Row, ...] = ()
    """Trials that are waiting or running."""
    stopped: tuple[Row, ...] = ()
    """Trials of unfinished steps that the end of the run cut off: a resumption goes on with them."""
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

    def row(self, number: int) -> Row | None:
        """Return a trial that is open, recent, leading, a baseline or rejected; None if it is none of these."""
        for rows in (self.open, self.stopped, self.lately, self.leaders, self.baselines, self.rejected):
            for row in rows:
                if row.number == number:
                    return row
        return None

    def _add(self, row: Row) -> None:
        """Take a trial that was created."""
        self.trials += 1
        self.variants += not row.counts
        self._count(row.state, 1)
        self.open = (*self.open, row)

    def _run(self, number: int, attempt: int) -> None:
        """Remember that an attempt of an open trial runs."""
        row = next((row for row in self.open if row.number == number), None)
        if row is not None:
            self._count(row.state, -1)
            self._count(TrialState.RUNNING, 1)
            self._replace(replace(row, state=TrialState.RUNNING, attempts=attempt))

    def _judge(self, row: Row) -> None:
        """Take a trial as its verdict has it."""
        self._replace(row)
        self._place_baseline(row)

    def _finish(self, before: Row, row: Row) -> None:
        """Take a trial as it was before, and as its end has it."""
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

    def _take_up(self) -> None:
        """Open again what the end of the run cut off."""
        for row in self.stopped:
            self._reopen(row)
        self.stopped = ()

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
