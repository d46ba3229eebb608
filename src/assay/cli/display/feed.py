"""Feed: what all displays share: the summary as events come in, and which trial is due to be shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Row, Summary


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A finished trial with its verdict, and the best before it."""

    row: Row
    best: Row | None


class Feed:
    """Keeps a `Summary` up to date and hands on each trial once it is finished and, where one is due, judged.

    Safe for several threads.

    Args:
        on_event: Called for every event with the summary after it.
        on_trial: Called once for each finished trial.
        summary: What went before, for a resumed run.
    """

    def __init__(
        self,
        *,
        on_event: Callable[[Event, Summary], None] = lambda event, summary: None,
        on_trial: Callable[[Shown, Summary], None] = lambda shown, summary: None,
        summary: Summary | None = None,
    ) -> None:
        self.summary = summary or Summary()
        self.lock = threading.RLock()
        self._on_event = on_event
        self._on_trial = on_trial
        self._unjudged: dict[int, Shown] = {}

    def take(self, event: Event) -> None:
        """Take the next event."""
        with self.lock:
            before = self.summary.best
            self.summary.apply(event)
            payload = event.payload
            if not isinstance(payload, ev.Judged):
                self.flush()
            self._on_event(event, self.summary)
            if isinstance(payload, ev.TrialFinished):
                self._finished(payload, before)
            elif isinstance(payload, ev.Judged) and payload.trial in self._unjudged:
                self._show(payload.trial)

    def flush(self) -> None:
        """Hand on finished trials whose verdict did not follow at once."""
        with self.lock:
            for number in list(self._unjudged):
                self._show(number)

    def _finished(self, payload: ev.TrialFinished, best: Row | None) -> None:
        row = self.summary.row(payload.trial)
        if row is None:
            return
        self._unjudged[row.number] = Shown(row=row, best=best)
        if row.verdict is not None or row.state is not TrialState.COMPLETE:
            self._show(row.number)

    def _show(self, number: int) -> None:
        shown = self._unjudged.pop(number)
        self._on_trial(Shown(row=self.summary.row(number) or shown.row, best=shown.best), self.summary)
