"""Projection: the journal as runs of an experiment store. Pure: the same events always give the same records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assay.core.codec import encode
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import History, Trial
from assay.models.scrub import Scrubber
from assay.tracking.records import PREFIX, Point, RunRecord, RunState

_STATES = {
    TrialState.COMPLETE: RunState.FINISHED,
    TrialState.FAILED: RunState.FAILED,
    TrialState.REJECTED: RunState.FAILED,
    TrialState.STOPPED: RunState.KILLED,
}
_FOREIGN = re.compile(r"[^A-Za-z0-9_. /:-]")
_FOLD = re.compile(r"fold-(\d+)")
_MOST_PARAMS = 200
_NAME_CHARS = 240
_LAB_RESULT = "lab/result/"
"""Key, followed by the trial's number, under which a lab notes what an experiment reported."""
NOTE = "mlflow.note.content"
"""What MLflow's screen shows as the description."""


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
        if isinstance(payload, ev.Noted) and payload.key.startswith(_LAB_RESULT):
            number = payload.key.removeprefix(_LAB_RESULT)
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
        return f"assay/{_name(self._start.task.name) or 'task'}"

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
        at_ms = _ms(history.worked_until)
        state = RunState.KILLED if paused else RunState.RUNNING
        if finished is not None:
            state = RunState.FINISHED if finished.exit_code == 0 else RunState.FAILED
        return RunRecord(
            key=self.key,
            name=start.run,
            experiment=self.experiment,
            state=state,
            started_ms=_ms(first.time),
            ended_ms=None if state is RunState.RUNNING else at_ms,
            params=self._texts(self._run_params()),
            tags=self._texts(self._run_tags(first, history.last)),
            metrics=self._run_metrics(at_ms),
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
            name=self._scrubber.scrub(f"{number:04d} {trial.title}")[:_NAME_CHARS],
            experiment=self.experiment,
            parent=self.key,
            state=_STATES.get(trial.state, RunState.KILLED if paused else RunState.RUNNING),
            started_ms=_ms(created.time),
            ended_ms=None if ended is None else _ms(ended.time),
            params=self._texts(_trial_params(trial)),
            tags=self._texts(self._trial_tags(trial, created, ended)),
            metrics=self._trial_metrics(trial, ended),
        )

    # --- the run

    @property
    def _start(self) -> ev.RunStarted:
        assert self.history.started is not None
        return self.history.started

    def _note_best(self, event: Event) -> None:
        best = self.history.best
        if best is not None and best.score is not None and best.score not in [point.value for point in self._best[-1:]]:
            self._best.append(Point(value=best.score, step=best.number, at_ms=_ms(event.time)))

    def _run_params(self) -> dict[str, Any]:
        start, task = self._start, self._start.task
        measured = {"metric": task.metric.name, "direction": task.metric.direction.value, "folds": task.split.k}
        return {
            "strategy": start.strategy,
            "model": start.model,
            "seed": start.seed,
            "sandbox": start.sandbox,
            **(measured if task.graded else {}),
            **{f"set.{name}": value for name, value in start.arguments.items()},
        }

    def _run_tags(self, first: Event, last: Event) -> dict[str, Any]:
        start, finished = self._start, self.history.finished
        limits = {name: value for name, value in encode(start.limits).items() if value is not None}
        tags: dict[str, Any] = {
            f"{PREFIX}kind": "run",
            f"{PREFIX}run": start.run,
            f"{PREFIX}task": start.task.name,
            f"{PREFIX}task_digest": start.task_digest,
            f"{PREFIX}journal": first.digest,
            f"{PREFIX}limits": json.dumps(limits, sort_keys=True),
            f"{PREFIX}version": start.versions.get("assay", ""),
            NOTE: start.task.statement,
        }
        if finished is not None:
            tags |= {
                # The last event's digest covers all before it.
                f"{PREFIX}event": last.number,
                f"{PREFIX}event_digest": last.digest,
                f"{PREFIX}stopped_by": finished.stopped_by,
                f"{PREFIX}winner": "" if finished.winner is None else finished.winner,
            }
        return tags

    def _run_metrics(self, at_ms: int) -> dict[str, tuple[Point, ...]]:
        metrics = {"best_score": tuple(self._best)} if self._best else {}
        sealed, finished = self.history.sealed, self.history.finished
        values: dict[str, float | None] = {}
        if sealed is not None and sealed.score is not None:
            values |= {"sealed_score": sealed.score.value, "sealed_low": sealed.score.low}
            values |= {"sealed_high": sealed.score.high}
        if finished is not None:
            values |= {"trials": float(len(self.history.trials)), "wall_s": finished.wall_s}
            values |= {"shrunk_score": finished.shrunk_score, "tokens": float(self.history.usage.tokens)}
            values |= {"cost_usd": None if finished.cost_usd is None else float(finished.cost_usd)}
        points = {name: (Point(value=v, at_ms=at_ms),) for name, v in values.items() if v is not None}
        return {**metrics, **points}

    # --- a trial

    def _trial_tags(self, trial: Trial, created: Event, ended: Event | None) -> dict[str, Any]:
        start, judged = self._start, trial.judgement
        tags = {
            f"{PREFIX}kind": "trial",
            f"{PREFIX}run": start.run,
            f"{PREFIX}trial": trial.number,
            f"{PREFIX}trial_key": trial.key,
            f"{PREFIX}state": trial.state.value,
            f"{PREFIX}attempt": trial.attempts,
            f"{PREFIX}repairs": len(trial.repairs),
            f"{PREFIX}counts": str(trial.counts).lower(),
            f"{PREFIX}parents": ",".join(str(parent) for parent in trial.parents),
            f"{PREFIX}candidate": trial.candidate,
            f"{PREFIX}event": created.number,
            f"{PREFIX}event_digest": created.digest,
            NOTE: trial.plan,
        }
        if ended is not None:
            tags |= {f"{PREFIX}event_finished": ended.number, f"{PREFIX}event_finished_digest": ended.digest}
        if trial.reason:
            tags[f"{PREFIX}reason"] = trial.reason
        if trial.flags:
            tags[f"{PREFIX}flags"] = "; ".join(trial.flags)
        if judged is not None:
            tags[f"{PREFIX}verdict"] = judged.verdict.value
        if trial.evidence is not None:
            failed = [finding.name for finding in trial.evidence.findings if not finding.passed]
            tags[f"{PREFIX}evidence"] = "verified" if trial.evidence.passed else ", ".join(dict.fromkeys(failed))
            tags[f"{PREFIX}issued"] = trial.evidence.run
        return tags

    def _trial_metrics(self, trial: Trial, ended: Event | None) -> Mapping[str, tuple[Point, ...]]:
        """Return scores by fold and their running mean, once the trial is over; what was printed stands apart."""
        if ended is None:
            return {}
        measured = {m.view: m for m in self.history.measurements(trial.number) if m.graded}
        folds: list[Point] = []
        for view, score in trial.scores.items():
            known, at = measured.get(view), ended.time
            found = _FOLD.fullmatch(view)
            step = int(found[1]) if found else len(folds)
            folds.append(Point(value=score, step=step, at_ms=_ms(known.ended or at if known else at)))
        folds.sort(key=lambda point: point.step)
        metrics = {"fold_score": tuple(folds), "score": _means(folds, trial.score)}
        printed = [(m, m.reported) for m in measured.values() if m.view in trial.scores]
        metrics["reported"] = tuple(
            Point(value=value, step=step, at_ms=_ms(m.ended or ended.time))
            for step, (m, value) in enumerate(printed)
            if value is not None and abs(value) < 1e300
        )
        metrics |= self._told(trial, _ms(ended.time))
        single = {"std_error": trial.std_error, "fold_wall_s": trial.wall_s or None, "folds": trial.folds or None}
        for name, value in single.items():
            if value is not None:
                metrics[name] = (Point(value=float(value), at_ms=_ms(ended.time)),)
        return {name: points for name, points in metrics.items() if points}

    def _told(self, trial: Trial, at_ms: int) -> dict[str, tuple[Point, ...]]:
        """Return what ungraded code said of itself: verified metrics of a task, the score of a lab's experiment."""
        said: dict[str, Sequence[float]] = {}
        if trial.evidence is not None and trial.evidence.passed:
            said |= {f"reported.{name}": values for name, values in trial.evidence.numbers.items()}
        noted = self.history.notes.get(f"{_LAB_RESULT}{trial.number}") or {}
        if noted.get("score") is not None:
            said |= {"reported": [noted["score"]], "reported.parts": noted.get("parts", ())}
        return {
            _name(self._scrubber.scrub(name)): tuple(
                Point(value=float(value), step=step, at_ms=at_ms)
                for step, value in enumerate(values)
                if abs(value) < 1e300
            )
            for name, values in said.items()
        }

    def _texts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return values as scrubbed texts under names that MLflow takes."""
        scrub = self._scrubber.scrub
        return {_name(scrub(name)): scrub(str(value)) for name, value in values.items() if str(value) != ""}


def _trial_params(trial: Trial) -> dict[str, Any]:
    own = {"operator": trial.operator, "title": trial.title}
    if trial.step is not None:
        own["step"] = str(trial.step)
    flat = dict(_flat("recipe", trial.recipe))
    return {**own, **dict(list(flat.items())[:_MOST_PARAMS])}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the leaves of JSON values, each under its path."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{prefix}.{name}", item)
    elif isinstance(value, str):
        yield prefix, value
    else:
        yield prefix, json.dumps(value, sort_keys=True)


def _means(folds: list[Point], score: float | None) -> tuple[Point, ...]:
    """Return the mean over the folds so far at each of them; the last is the score that the journal has."""
    means, total = [], 0.0
    for count, point in enumerate(folds, 1):
        total += point.value
        last = score if count == len(folds) else None
        at_ms = max(one.at_ms for one in folds[:count])
        means.append(Point(value=total / count if last is None else last, step=count - 1, at_ms=at_ms))
    return tuple(means)


def _name(text: str) -> str:
    """Return `text` as a name that MLflow takes."""
    plain = _FOREIGN.sub("_", text)[:_NAME_CHARS].strip("/. ")
    return re.sub(r"\.{2,}|/{2,}", "_", plain)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
