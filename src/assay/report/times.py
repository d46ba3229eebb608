"""Where the time went, by activity."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.view import Twist
from assay.report.bill import by_role
from assay.report.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One way of spending time. Several at a time may run side by side, so sums can exceed the clock."""

    name: str
    title: str
    seconds: float
    count: int


_TITLES = {
    "folds": "running candidates on folds",
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


def _kind(facts: Facts, trial: int, view: str) -> str:
    known = facts.history.trials.get(trial)
    if view.startswith("fold"):
        return "folds" if known is None or known.counts else "variants"
    if view.split("-")[0] in _TWISTS:
        return "checks"
    return view if view in _TITLES else "other"
