"""Experiments: what the journal tells of those that were started, runs of the same command in one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Any

from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.operators.lab.record import COMPLETE, FAILED, LOST, RUNNING, STOPPED, Result

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
    """What each run reported; None for one that did not end by itself, whose report is of a part of the work."""

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
    return [Row(runs=tuple(group), results=tuple(_whole(history, trial) for trial in group)) for group in runs.values()]


def _whole(history: History, trial: Trial) -> Reported | None:
    return reported(history, trial.number) if trial.state is TrialState.COMPLETE else None


def noise_of(rows: Sequence[Row]) -> float | None:
    """Return the gain that chance explains: two standard deviations of repeated runs, pooled; None without repeats.

    The first row, the default, counts only as long as no other was repeated: settings that train too little scatter
    far more than those that are compared later.
    """
    repeated = [row for row in rows if len(row.scores) > 1]
    later = [row for row in repeated if row is not rows[0]]
    spread = [(len(row.scores) - 1, variance(row.scores)) for row in later or repeated]
    freedom = sum(n for n, _ in spread)
    if not freedom:
        return None
    return CHANCE * float((sum(n * v for n, v in spread) / freedom) ** 0.5)


def running(history: History) -> Trial | None:
    """Return the experiment that was started and not settled; there is at most one."""
    open_ones = [t for t in history.trials.values() if t.operator == OPERATOR and not t.state.is_final]
    return open_ones[-1] if open_ones else None


def results_of(rows: Sequence[Row], default: str) -> list[Result]:
    """Return the rows as the lab's rules see them: one result for all runs of a command, under its first number.

    Args:
        rows: In order.
        default: The default experiment's command.
    """
    return [_result(row, default) for row in rows]


def runs_of(rows: Sequence[Row], default: str) -> list[Result]:
    """Return every run as a result of its own: repeats of one command are so many rounds of training.

    Args:
        rows: In order.
        default: The default experiment's command.
    """
    return [
        _result(Row(runs=(run,), results=(result,)), default)
        for row in rows
        for run, result in zip(row.runs, row.results, strict=True)
    ]


def row_of(rows: Sequence[Row], result: Result | None) -> Row | None:
    """Return the row that a result was made of."""
    return next((row for row in rows if result is not None and row.first.number == result.number), None)


def changed(told: Mapping[str, Any], default: str) -> str:
    """Return in a line how an experiment differs from the default."""
    command = str(told.get("command", ""))
    what = [command.removeprefix(default).strip() if command.startswith(default) else command]
    what += [f"with its own {path}" for path in told.get("edits", ())]
    return ", ".join(part for part in what if part)


def _result(row: Row, default: str) -> Result:
    told, last = row.first.recipe, row.runs[-1]
    score = row.score
    walls = [run.wall_s for run in row.runs if run.state.is_final]
    return Result(
        number=row.first.number,
        cycle=(row.first.step or 0) + 1,
        label=row.first.title,
        category=told.get("category", "other"),
        command=told.get("command", ""),
        changed=changed(told, default),
        settings=told.get("settings", {}),
        state=COMPLETE if score is not None and last.state.is_final else _state(last),
        training=True,
        exit_code=0 if score is not None else None,
        score=score if last.state.is_final or len(row.scores) else None,
        points=max((r.counts for r in row.results if r is not None), default=0),
        repeats=max(1, len(row.scores)),
        ended=last.finished,
        wall_s=fmean(walls) if walls else 0.0,
        problem="" if score is not None else last.reason,
    )


def _state(trial: Trial) -> str:
    if not trial.state.is_final:
        return RUNNING
    if trial.flags and LOST in trial.flags:
        return LOST
    return {TrialState.COMPLETE: COMPLETE, TrialState.STOPPED: STOPPED}.get(trial.state, FAILED)
