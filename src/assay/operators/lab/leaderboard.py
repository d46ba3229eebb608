"""Leaderboard: the best experiments of a lab, as numbers that they reported themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.codec import encode
from assay.core.digits import fixed, score_decimals
from assay.core.metric import Metric
from assay.core.score import Provenance
from assay.operators.lab.memory import one_line
from assay.operators.lab.record import Result, gains

LEAST, MOST = 3, 20


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place."""

    place: int
    """From 1; equal scores share a place."""
    number: int
    label: str
    category: str
    score: float
    gain: float | None
    """Over the best before it."""
    wall_s: float
    command: str
    provenance: Provenance = Provenance.REPORTED


def leaderboard(results: Sequence[Result], metric: Metric, *, top_k: int = 10) -> tuple[Place, ...]:
    """Return the best experiments that ended by themselves with a score, best first.

    Args:
        results: All experiments.
        metric: Knows which way is better.
        top_k: Places, brought into 3 to 20.
    """
    scored = [r for r in sorted(results, key=lambda r: r.number) if r.state == "complete" and r.score is not None]
    ranked = metric.ranked(scored, lambda result: result.score)[: max(LEAST, min(MOST, top_k))]
    gained = gains(results, metric)
    places: list[Place] = []
    for index, result in enumerate(ranked):
        score = result.score if result.score is not None else 0.0
        place = places[-1].place if places and places[-1].score == score else index + 1
        places.append(
            Place(
                place=place,
                number=result.number,
                label=result.label,
                category=result.category,
                score=score,
                gain=gained[result.number],
                wall_s=result.wall_s,
                command=result.command,
            )
        )
    return tuple(places)


def as_json(places: Sequence[Place], metric: Metric) -> str:
    """Return the leaderboard for programs."""
    value = {
        "metric": metric.name,
        "direction": metric.direction.value,
        "provenance": Provenance.REPORTED.value,
        "places": [encode(place) | {"provenance": place.provenance.value} for place in places],
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def as_markdown(places: Sequence[Place], metric: Metric) -> str:
    """Return the leaderboard for people."""
    better = "higher" if metric.higher_is_better else "lower"
    lines = [
        f"Scores are `{metric.name}` ({better} is better) as the experiments reported them; Assay did not grade them.",
        "",
        "| place | experiment | label | category | score | gain | seconds |",
        "|---:|---:|---|---|---:|---:|---:|",
    ]
    decimals = score_decimals([place.score for place in places])
    for place in places:
        gain = "" if place.gain is None else fixed(place.gain, decimals, sign=True)
        label = one_line(place.label, 60).replace("|", "\\|")
        lines.append(
            f"| {place.place} | #{place.number} | {label} | {place.category} | {fixed(place.score, decimals)} | {gain} "
            f"| {place.wall_s:.0f} |"
        )
    if not places:
        lines = ["No experiment has ended with a score."]
    return "\n".join(lines) + "\n"
