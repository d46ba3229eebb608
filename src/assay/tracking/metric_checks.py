"""What is wrong with recorded metrics: not finite, never changing, two arms that are one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from assay.tracking.evidence import CONSTANT, NO_METRIC, NO_VARIANCE, NOT_FINITE, OLD, Finding
from assay.tracking.records import Point
from assay.tracking.required import Required

Metrics = Mapping[str, Sequence[Point]]
_SLACK_MS = 2_000


def check_metrics(metrics: Metrics, required: Required, *, started_ms: int, ended_ms: int) -> Iterator[Finding]:
    """Yield what is wrong with `metrics`, each thing once.

    Args:
        metrics: By name, the points in the order of their steps, as they were read.
        required: What was declared.
        started_ms: Start of the attempt.
        ended_ms: Its end, by the engine's clock.
    """
    named = dict.fromkeys((*required.metrics, *required.varying, *required.arms.values()))
    for name in named:
        if not metrics.get(name):
            yield Finding(code=NO_METRIC, sentence=f"the metric {name!r} was not recorded", subject=name)
    if len(metrics) < required.least_metrics:
        sentence = f"{required.least_metrics} metrics required, {len(metrics)} recorded"
        yield Finding(code=NO_METRIC, sentence=sentence)
    for name, points in metrics.items():
        yield from _one(name, points, started_ms - _SLACK_MS, ended_ms + _SLACK_MS)
    yield from _constant(metrics, required, bool(named))
    yield from _arms(metrics, required.arms)


def _one(name: str, points: Sequence[Point], earliest: int, latest: int) -> Iterator[Finding]:
    strange = [point for point in points if not math.isfinite(point.value)]
    if strange:
        sentence = f"the metric {name!r} is {strange[0].value} at step {strange[0].step}"
        yield Finding(code=NOT_FINITE, sentence=sentence, subject=name)
    elsewhen = [point for point in points if not earliest <= point.at_ms <= latest]
    if elsewhen:
        sentence = f"the metric {name!r} was recorded outside of the attempt's time, at step {elsewhen[0].step}"
        yield Finding(code=OLD, sentence=sentence, subject=name)


def _constant(metrics: Metrics, required: Required, named: bool) -> Iterator[Finding]:
    for name in dict.fromkeys((*required.metrics, *required.varying)):
        values = [point.value for point in metrics.get(name, ())]
        if not values or (name in required.constant and name not in required.varying):
            continue
        if len(set(values)) == 1 and (len(values) > 1 or name in required.varying):
            steps = f"at all of its {len(values)} steps" if len(values) > 1 else "and has one step only"
            yield Finding(code=CONSTANT, sentence=f"the metric {name!r} is {values[0]:g} {steps}", subject=name)
    everything = [point.value for points in metrics.values() for point in points]
    if everything and len(set(everything)) == 1 and (len(everything) > 1 or not named):
        sentence = f"all that was recorded is the one value {everything[0]:g}"
        yield Finding(code=CONSTANT, sentence=sentence)


def _arms(metrics: Metrics, arms: Mapping[str, str]) -> Iterator[Finding]:
    """A paired test needs arms that differ, and differences that vary."""
    # A step recorded twice counts with its last value.
    outcomes = {arm: {point.step: point.value for point in metrics.get(name, ())} for arm, name in arms.items()}
    present = {arm: values for arm, values in outcomes.items() if values}
    for one, other in combinations(present, 2):
        if present[one] == present[other]:
            sentence = f"the arms {one!r} and {other!r} are the same number for number"
            yield Finding(code=NO_VARIANCE, sentence=sentence, subject=other)
    first = next(iter(present), None)
    for arm in list(present)[1:]:
        assert first is not None
        shared = sorted(present[first].keys() & present[arm].keys())
        differences = {present[arm][step] - present[first][step] for step in shared}
        if present[first] != present[arm] and len(shared) > 1 and len(differences) == 1:
            sentence = (
                f"{arm!r} differs from {first!r} by the same amount at all {len(shared)} steps: no test is defined"
            )
            yield Finding(code=NO_VARIANCE, sentence=sentence, subject=arm)
        if not shared:
            sentence = f"the arms {first!r} and {arm!r} have no step in common"
            yield Finding(code=NO_VARIANCE, sentence=sentence, subject=arm)
