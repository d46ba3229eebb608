"""Projection: the journal as runs of an experiment store. Pure: the same events always give the same records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import History
from assay.models.scrub import Scrubber
from assay.tracking.names import NAME_CHARS, clean_name, ms
from assay.tracking.records import Point, RunRecord, RunState
from assay.tracking.run_values import run_metrics, run_params, run_tags
from assay.tracking.trial_values import LAB_RESULT, trial_metrics, trial_params, trial_tags

_STATES = {
    TrialState.COMPLETE: RunState.FINISHED,
    TrialState.FAILED: RunState.FAILED,
    TrialState.REJECTED: RunState.FAILED,
    TrialState.STOPPED: RunState.KILLED,
}


class Projection:
    """Everything that the events so far say, as one run for the search and one nested run for each trial.

    Args:
        events: What is already there.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.history = History()
        self._scrubber = Scrubber()
        self._first: Event | None = None
        self._created: dict[int, Event] = {}
        self._finished: dict[int, Event] = {}
        self._best: list[Point] = []
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> tuple[int, ...] | None:
        """Take the next event.

        Returns:
            Numbers of the trials whose records it changes; empty if it changes that of the run alone; None if nothing.
        """
        self.history.apply(event)
        payload = event.payload
        if isinstance(payload, ev.RunStarted):
            self._first = event
            return ()
        if isinstance(payload, ev.TrialCreated):
            self._created[payload.trial] = event
            return (payload.trial,)
        if isinstance(payload, ev.TrialFinished):
            self._finished[payload.trial] = event
            self._note_best(event)
            return (payload.trial,)
        if isinstance(payload, ev.Judged):
            return (payload.trial,)
        if isinstance(payload, ev.RunResumed):
            return tuple(self.unfinished)
        if isinstance(payload, ev.Noted) and payload.key.startswith(LAB_RESULT):
            number = payload.key.removeprefix(LAB_RESULT)
            return (int(number),) if number.isdecimal() and int(number) in self.history.trials else None
        return () if isinstance(payload, (ev.SealedOpened, ev.RunFinished)) else None

    @property
    def started(self) -> bool:
        """Whether there is a run at all."""
        return self._first is not None

    @property
    def key(self) -> str:
        """The name of the run for good: whoever tells the same journal means the same run."""
        assert self._first is not None
        return f"{self._start.run}/{self._first.digest[:16]}"

    @property
    def experiment(self) -> str:
        """Runs on one task are compared with each other."""
        return f"assay/{clean_name(self._start.task.name) or 'task'}"

    @property
    def unfinished(self) -> list[int]:
        """Numbers of the trials that are not over."""
        return [number for number, trial in self.history.trials.items() if not trial.state.is_final]

    def run_record(self, *, paused: bool = False) -> RunRecord:
        """Return the search as a whole.

        Args:
            paused: Whether nobody works on it although it has not finished.
        """
        history, start, first = self.history, self._start, self._first
        assert first is not None
        assert history.last is not None
        finished = history.finished
        at_ms = ms(history.worked_until)
        state = RunState.KILLED if paused else RunState.RUNNING
        if finished is not None:
            state = RunState.FINISHED if finished.exit_code == 0 else RunState.FAILED
        return RunRecord(
            key=self.key,
            name=start.run,
            experiment=self.experiment,
            state=state,
            started_ms=ms(first.time),
            ended_ms=None if state is RunState.RUNNING else at_ms,
            params=self._texts(run_params(start)),
            tags=self._texts(run_tags(start, finished, first, history.last)),
            metrics=run_metrics(history, self._best, at_ms),
        )

    def trial_record(self, number: int, *, paused: bool = False) -> RunRecord:
        """Return one trial, nested in the run.

        Args:
            number: The trial.
            paused: Whether nobody works on it, if it is not over.
        """
        trial, created = self.history.trials[number], self._created[number]
        ended = self._finished.get(number) if trial.state.is_final else None
        return RunRecord(
            key=f"{self.key}/trial-{number:04d}",
            name=self._scrubber.scrub(f"{number:04d} {trial.title}")[:NAME_CHARS],
            experiment=self.experiment,
            parent=self.key,
            state=_STATES.get(trial.state, RunState.KILLED if paused else RunState.RUNNING),
            started_ms=ms(created.time),
            ended_ms=None if ended is None else ms(ended.time),
            params=self._texts(trial_params(trial)),
            tags=self._texts(trial_tags(self._start.run, trial, created, ended)),
            metrics=trial_metrics(self.history, trial, ended, self._scrubber.scrub),
        )

    @property
    def _start(self) -> ev.RunStarted:
        assert self.history.started is not None
        return self.history.started

    def _note_best(self, event: Event) -> None:
        best = self.history.best
        if best is not None and best.score is not None and best.score not in [point.value for point in self._best[-1:]]:
            self._best.append(Point(value=best.score, step=best.number, at_ms=ms(event.time)))

    def _texts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return values as scrubbed texts under names that MLflow takes."""
        scrub = self._scrubber.scrub
        return {clean_name(scrub(name)): scrub(str(value)) for name, value in values.items() if str(value) != ""}
