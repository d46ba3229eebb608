"""Experiments: what the journal tells of those that were started, runs of the same command in one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Any

from assay.core.metric import Metric
from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.models.roles import Experiment

OPERATOR = "experiment"
RESULT = "lab/result"
"""Key, followed by the trial's number, under which what an experiment reported is noted."""
CHANCE = 2.0
"""Standard deviations of repeated runs under which a gain is chance."""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What one run of an experiment said of itself."""

    score: float | None
    parts: tuple[float, ...] = ()
    """Values that the score is the mean of, in the order of the file."""
    counts: int = 0
    """Finite values that were read: of a training, how many epochs."""
    problems: tuple[str, ...] = ()

    @property
    def as_json(self) -> dict[str, Any]:
        """The record as it is noted."""
        return {"score": self.score, "parts": self.parts, "counts": self.counts, "problems": self.problems}


def reported(history: History, trial: int) -> Reported | None:
    """Return what the run of `trial` reported, or None if it was not settled."""
    told = history.notes.get(f"{RESULT}/{trial}")
    if told is None:
        return None
    return Reported(
        score=told["score"], parts=tuple(told["parts"]), counts=told["counts"], problems=tuple(told["problems"])
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """All runs of one candidate, in the order in which they were started."""

    runs: tuple[Trial, ...]
    results: tuple[Reported | None, ...]

    @property
    def first(self) -> Trial:
        """Its first run, whose number names it."""
        return self.runs[0]

    @property
    def scores(self) -> tuple[float, ...]:
        """Scores of the runs that have one."""
        return tuple(r.score for r in self.results if r is not None and r.score is not None)

    @property
    def score(self) -> float | None:
        """Mean over its runs."""
        return fmean(self.scores) if self.scores else None


def rows_of(history: History) -> list[Row]:
    """Return the experiments in the order in which they were first started."""
    runs: dict[str, list[Trial]] = {}
    for trial in history.trials.values():
        if trial.operator == OPERATOR:
            runs.setdefault(str(trial.recipe.get("key", trial.number)), []).append(trial)
    return [
        Row(runs=tuple(group), results=tuple(reported(history, trial.number) for trial in group))
        for group in runs.values()
    ]


def best_of(rows: Sequence[Row], metric: Metric) -> Row | None:
    """Return the row with the best mean; the earlier one of equals."""
    best: Row | None = None
    for row in rows:
        if row.score is None:
            continue
        if best is None or best.score is None or metric.gain(row.score, best.score) > 0:
            best = row
    return best


def noise_of(rows: Sequence[Row]) -> float | None:
    """Return the gain that chance explains: two standard deviations of repeated runs, pooled; None without repeats."""
    spread = [(len(row.scores) - 1, variance(row.scores)) for row in rows if len(row.scores) > 1]
    freedom = sum(n for n, _ in spread)
    if not freedom:
        return None
    return CHANCE * float((sum(n * v for n, v in spread) / freedom) ** 0.5)


def running(history: History) -> Trial | None:
    """Return the experiment that was started and not settled; there is at most one."""
    open_ones = [t for t in history.trials.values() if t.operator == OPERATOR and not t.state.is_final]
    return open_ones[-1] if open_ones else None


def streak_of(rows: Sequence[Row], metric: Metric) -> int:
    """Return how many experiments in a row ended without a new best; waiting and what still runs count for nothing."""
    streak, best = 0, None
    for row in rows:
        if not all(run.state.is_final for run in row.runs):
            continue
        if row.score is not None and (best is None or metric.gain(row.score, best) > 0):
            best, streak = row.score, 0
        else:
            streak += 1
    return streak


def table(rows: Sequence[Row], metric: Metric, default: str) -> tuple[Experiment, ...]:
    """Return the rows as both roles see them.

    Args:
        rows: In order.
        metric: Says which way is better.
        default: The default experiment's command.
    """
    seen: list[Experiment] = []
    best: float | None = None
    for row in rows:
        score, told = row.score, row.first.recipe
        delta = metric.gain(score, best) if score is not None and best is not None else None
        seen.append(
            Experiment(
                number=row.first.number,
                label=row.first.title,
                category=told.get("category", "other"),
                command=told.get("command", ""),
                changed=changed(told, default),
                settings=told.get("settings", {}),
                state=_state(row.runs[-1]),
                score=score,
                delta=delta,
                repeats=max(1, len(row.scores)),
                wall_s=fmean(run.wall_s for run in row.runs),
                problem="" if score is not None else row.runs[-1].reason,
            )
        )
        if score is not None and (best is None or metric.gain(score, best) > 0):
            best = score
    return tuple(seen)


def changed(told: Mapping[str, Any], default: str) -> str:
    """Return in a line how an experiment differs from the default."""
    command = str(told.get("command", ""))
    what = [command.removeprefix(default).strip() if command.startswith(default) else command]
    what += [f"with its own {path}" for path in told.get("edits", ())]
    return ", ".join(part for part in what if part)


def _state(trial: Trial) -> str:
    names = {TrialState.REJECTED: "refused", TrialState.WAITING: "waiting"}
    return names.get(trial.state, str(trial.state))
