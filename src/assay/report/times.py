"""Where the time went, by activity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from assay.core.metric import Metric
from assay.core.view import Twist, is_rehearsal
from assay.journal.history import History, Trial
from assay.report.bill import by_role
from assay.report.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One way of spending time. Several at a time may run side by side, so sums can exceed the clock."""

    name: str
    title: str
    seconds: float
    count: int


@dataclass(frozen=True, kw_only=True)
class Span:
    """One phase of a run, by the clock that stands still between its resumptions."""

    phase: str
    begun_s: float
    """Seconds of running at which it began."""
    ended_s: float
    """The same of its end, or of the last event while it lasts."""

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return max(0.0, self.ended_s - self.begun_s)


@dataclass(frozen=True, kw_only=True)
class Gain:
    """A trial that was better than all before it, and what the run had taken when it finished."""

    trial: Trial
    score: float
    seconds: float
    """Of running."""
    cost_usd: Decimal | None
    """Of the answers of known price; None where there was none."""
    unpriced: int
    """Requests whose price is unknown."""
    tokens: int


_TITLES = {
    "folds": "running candidates on folds",
    "rehearsals": "rehearsals on few rows",
    "variants": "ablations and reseeds",
    "sealed": "sealed check",
    "final": "final fit",
    "checks": "checks of the winner",
    "other": "other runs",
    "questions": "waiting for answers",
}


_TWISTS = frozenset(Twist)
"""How the names of views begin that only the validation gate shows."""


def activities(facts: Facts) -> list[Activity]:
    """Return the activities that took any time, in the order of a run."""
    seconds = dict.fromkeys(_TITLES, 0.0)
    counts = dict.fromkeys(_TITLES, 0)
    for measurement in facts.history.all_measurements():
        if measurement.execution is None:
            continue
        name = _kind(facts, measurement.trial, measurement.view)
        seconds[name] += measurement.execution.wall_s
        counts[name] += 1
    for role in by_role(facts.history):
        seconds["questions"] += role.seconds
        counts["questions"] += role.questions
    return [
        Activity(name=name, title=title, seconds=seconds[name], count=counts[name])
        for name, title in _TITLES.items()
        if counts[name] and seconds[name] >= 0.001
    ]


def spans(history: History) -> list[Span]:
    """Return the phases of a run in their order; what came before the first is named `start`."""
    ends = [*history.phases_s, history.wall_s][1:]
    found = [
        Span(phase=phase, begun_s=begun, ended_s=ended)
        for (_, phase), begun, ended in zip(history.phases, history.phases_s, ends, strict=True)
    ]
    first = history.phases_s[0] if history.phases_s else history.wall_s
    before = [Span(phase="start", begun_s=0.0, ended_s=first)] if first > 0 else []
    return [*before, *found]


def gains(facts: Facts) -> Iterator[Gain]:
    """Yield the trials that were the best so far when they finished, with what the run had taken by then."""
    seen: Trial | None = None
    for trial, best in facts.curve:
        if best is not trial or trial is seen:
            continue
        seen = trial
        if trial.score is not None:
            yield _gain(trial, trial.score)


def lab_gains(history: History) -> tuple[Metric, list[Gain]] | None:
    """Return a lab's metric and the experiments that reported more than all before them; None before it has begun."""
    from assay.operators.lab.record import in_order
    from assay.strategies.lab.config import LabConfig
    from assay.strategies.lab.experiments import results_of, rows_of

    noted = history.notes.get("lab/config")
    if noted is None:
        return None
    config = LabConfig.model_validate(noted)
    metric, found = config.as_metric, list[Gain]()
    for result in in_order(results_of(rows_of(history), config.command)):
        trial = history.trials.get(result.number)
        if result.score is None or trial is None:
            continue
        if not found or metric.gain(result.score, found[-1].score) > 0:
            found.append(_gain(trial, result.score))
    return metric, found


def _gain(trial: Trial, score: float) -> Gain:
    usage = trial.finished_usage
    return Gain(
        trial=trial,
        score=score,
        seconds=trial.finished_s,
        cost_usd=usage.cost_usd if usage is not None else None,
        unpriced=usage.unpriced if usage is not None else 0,
        tokens=usage.tokens if usage is not None else 0,
    )


def _kind(facts: Facts, trial: int, view: str) -> str:
    known = facts.history.trials.get(trial)
    if view.startswith("fold"):
        return "folds" if known is None or known.counts else "variants"
    if is_rehearsal(view):
        return "rehearsals"
    if view.split("-")[0] in _TWISTS:
        return "checks"
    return view if view in _TITLES else "other"
