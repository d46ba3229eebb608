"""Signals: how the course of the work looks, each between 0 and 1. They advise; only the mentor's cadence obeys them.

The weights are those of the loop that this lab follows; what differs is what is counted. Cycles that only wait count
for nothing, an experiment counts once, against the best and not against the one before, and names of models are learnt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assay.core.metric import Metric
from assay.models.roles import Signals
from assay.operators.lab.record import Cycle, Result, streak

WINDOW = 24
"""Cycles that are looked at."""
CATEGORIES = 8
"""Ideas that drift and data gap are judged by."""
LEAST_IDEAS = 6
SMALL_SCREWS = frozenset({"evaluation", "optimization", "loss", "data_sampling"})
DATA = frozenset({"preprocessing", "augmentation", "data_sampling"})
DOMINANCE = 0.7
LEAST_MENTIONS = 4
_FULL_QUEUE = 8
_MANY_EXPERIMENTS = 8
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the signals are computed from."""

    training_runs: int
    """Training runs in a row, up to the last run."""
    since_search: int
    """Cycles that did something since the web was last searched."""
    streak: int
    """Experiments in a row that did not beat the best."""
    challenges: int
    """Reviews in a row that challenged."""
    ended: int
    """Experiments that have ended."""
    drift: bool
    data_gap: bool
    dominant: str
    """The model that nearly everything is about; empty for none."""
    open_todos: int
    search_unmet: bool
    """Whether the mentor was to search the web and did not."""


def count(
    cycles: Sequence[Cycle],
    results: Sequence[Result],
    metric: Metric,
    *,
    names: Iterable[str] = (),
    open_todos: int = 0,
    search_unmet: bool = False,
    noise: float = 0.0,
) -> Counted:
    """Return what the signals rest on.

    Args:
        cycles: In order; the last 24 that did something are looked at.
        results: All experiments.
        metric: Knows which way is better.
        names: Names of models, from `model_names`.
        open_todos: Items of the queue that are open, at least 0.
        search_unmet: Whether the mentor was to search the web and did not.
        noise: Gains up to this come from chance.
    """
    acted = [cycle for cycle in cycles if cycle.action != "wait" or cycle.searched]
    recent = acted[-WINDOW:]
    runs = [cycle for cycle in recent if cycle.action == "run"]
    ideas = [cycle.category for cycle in runs][-CATEGORIES:]
    return Counted(
        training_runs=_tail(cycle.training for cycle in runs),
        since_search=_tail(not cycle.searched for cycle in recent),
        streak=streak(results, metric, noise=noise),
        challenges=_tail(cycle.challenged for cycle in cycles if cycle.reviewed),
        ended=sum(1 for result in results if result.has_ended),
        drift=_drifts(ideas),
        data_gap=len(ideas) >= LEAST_IDEAS and not DATA & set(ideas),
        dominant=dominant_name([f"{cycle.label} {cycle.command}" for cycle in runs], names),
        open_todos=open_todos,
        search_unmet=search_unmet,
    )


def signals(counted: Counted) -> Signals:
    """Return the signals; each rises with what it counts and never leaves 0..1."""
    pressure = min(1.0, counted.open_todos / _FULL_QUEUE)
    drift = float(counted.drift)
    research = (
        0.14 * counted.training_runs
        + 0.12 * counted.since_search
        + 0.08 * counted.streak
        + 0.10 * counted.search_unmet
        + 0.06 * pressure
    )
    non_training = 0.16 * counted.training_runs + 0.08 * counted.streak + 0.12 * drift + 0.06 * pressure
    breakout = (
        0.28 * (counted.ended >= _MANY_EXPERIMENTS)
        + 0.06 * counted.streak
        + 0.20 * drift
        + 0.18 * bool(counted.dominant)
        + 0.05 * counted.challenges
    )
    return Signals(
        research=_clamped(research),
        non_training=_clamped(non_training),
        breakout=_clamped(breakout),
        drift=counted.drift,
        data_gap=counted.data_gap,
        streak=counted.streak,
    )


def model_names(mission: str, values: Iterable[str] = ()) -> tuple[str, ...]:
    """Return names of models that a mission speaks of: words with a digit, a hyphen or capitals inside, and `values`.

    Args:
        mission: What is to be done, in a person's words.
        values: Values of options that choose a model.
    """
    words = (word for word in _NAME.findall(mission) if _looks_like_a_name(word))
    return tuple(dict.fromkeys(_plain(word) for word in (*values, *words) if len(_plain(word)) >= 3))


def dominant_name(texts: Sequence[str], names: Iterable[str]) -> str:
    """Return the name that has at least 70 % of at least 4 mentions, or nothing."""
    known = {_plain(name) for name in names}
    mentions = Counter(name for text in texts for name in known & {_plain(word) for word in _NAME.findall(text)})
    total = sum(mentions.values())
    if total < LEAST_MENTIONS:
        return ""
    name, most = min(mentions.items(), key=lambda pair: (-pair[1], pair[0]))
    return name if most >= DOMINANCE * total else ""


def _looks_like_a_name(word: str) -> bool:
    inner_capital = any(letter.isupper() for letter in word[1:]) and any(letter.islower() for letter in word)
    return any(letter.isdigit() for letter in word) or "_" in word or inner_capital


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _drifts(ideas: Sequence[str]) -> bool:
    small = sum(1 for idea in ideas if idea in SMALL_SCREWS)
    structural = len(ideas) - small
    return small >= LEAST_IDEAS and structural <= 2


def _tail(values: Iterable[bool]) -> int:
    """Return how many of the last values are true, up to the last false one."""
    length = 0
    for value in values:
        length = length + 1 if value else 0
    return length


def _clamped(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 6)
