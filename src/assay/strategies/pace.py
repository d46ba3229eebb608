"""Pace: how many steps a search will likely take in the time that it has."""

from __future__ import annotations

import math

from assay.core.budget import Limits
from assay.core.trial import Verdict
from assay.engine.budget import FINISH_SHARE
from assay.journal.history import History

ANSWER_S = (8.0, 60.0)
"""Seconds that a language model takes to answer, on average of a run. Assumed on 2026-11-21, not measured."""
FIT_S = 5.0
"""Seconds that a trial takes on small data, assumed where no baseline was measured, ..."""
FIT_SHARE = 0.05
"""... and the share of the time limit that it takes on large data, half of what one execution may take."""
SLOWER = 4.0
"""How much slower than the baseline a search's scripts are taken to be on average, at most."""


def steps_ahead(limits: Limits, history: History | None = None) -> tuple[int, int] | None:
    """Return the fewest and the most steps that are likely to come; None where neither trials nor time bound them.

    Args:
        limits: Bounds of the run.
        history: What was done so far; its baseline says how long a fold takes. None before the start.
    """
    done = 0 if history is None else steps_done(history)
    bounds = [n for n in (_by_time(limits, history), _by_trials(limits, done)) if n is not None]
    if not bounds:
        return None
    fewest, most = min(low for low, _ in bounds), min(high for _, high in bounds)
    return (0 if limits.goal is not None else fewest), most


def steps_done(history: History) -> int:
    """Return how many steps are finished."""
    return len(history.steps)


def _by_trials(limits: Limits, done: int) -> tuple[int, int] | None:
    if limits.trials is None:
        return None
    left = max(0, limits.trials - done)
    return left, left


def _by_time(limits: Limits, history: History | None) -> tuple[int, int] | None:
    if limits.wall_s is None:
        return None
    left = max(0.0, limits.wall_s - (0.0 if history is None else history.wall_s))
    fastest, slowest = _step_s(limits.wall_s, history)
    workers = max(1, limits.workers)
    return math.floor(workers * (1 - FINISH_SHARE) * left / slowest), math.ceil(workers * left / fastest)


def _step_s(wall_s: float, history: History | None) -> tuple[float, float]:
    """Return the seconds of a step, one answer and one trial, at least and at most."""
    fastest, slowest = trial_s(wall_s, history)
    return ANSWER_S[0] + fastest, ANSWER_S[1] + slowest


def trial_s(wall_s: float, history: History | None = None) -> tuple[float, float]:
    """Return the seconds that a trial is likely to take, at least and at most.

    Args:
        wall_s: The run's time limit.
        history: Its baseline says how long a fold takes; None before the start.
    """
    fold = _fold_s(history) if history is not None else None
    if fold is None:
        return FIT_S, FIT_SHARE * wall_s
    seconds, folds = fold
    # A race may end after the first fold.
    return seconds, SLOWER * folds * seconds


def _fold_s(history: History) -> tuple[float, int] | None:
    """Return the seconds of the best baseline on a fold, and the folds that it was run on."""
    baselines = history.ranking(lambda trial: trial.verdict is Verdict.BASELINE)
    return (baselines[0].wall_s, baselines[0].folds) if baselines else None
