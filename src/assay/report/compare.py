"""Compare: two or more runs side by side, and the gains between their winners on the folds that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from assay.core.clock import iso_utc
from assay.core.errors import NothingFound
from assay.journal.checkpoint import HistoryFile
from assay.journal.history import History, Trial
from assay.journal.objects import ObjectStore
from assay.report.facts import Facts
from assay.report.formatting import MISSING, format_count, format_duration, format_gain, format_money, format_score

NOTHING_TO_COMPARE = "E209"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One run at a glance."""

    name: str
    facts: Facts

    @property
    def history(self) -> History:
        """Its journal as tables."""
        return self.facts.history

    @property
    def winner(self) -> Trial | None:
        """Its winner, or the best so far."""
        return self.facts.winner

    def same_task(self, other: Side) -> bool:
        """Whether both were scored by one metric on one split of the same data: else no scores can be compared."""
        mine, theirs = self.history.task, other.history.task
        return (mine.data_digest, mine.metric, mine.split, mine.holdout, mine.targets) == (
            theirs.data_digest,
            theirs.metric,
            theirs.split,
            theirs.holdout,
            theirs.targets,
        )


@dataclass(frozen=True, kw_only=True)
class Gains:
    """What the winner of one run gains over that of another; positive means that `new` is better."""

    new: str
    old: str
    views: tuple[str, ...]
    gains: tuple[float, ...]
    low: float | None
    """95 % interval of the mean, with the correction of Nadeau and Bengio (2003) for folds that share rows."""
    high: float | None


def read_side(folder: Path) -> Side:
    """Return a run at a glance.

    Raises:
        NothingFound: It never started, or nothing in it is scored (E209).
        IntegrityError: Its journal is not what was written (E401).
    """
    history = HistoryFile(folder).read()
    if history.started is None or not history.task.graded:
        raise NothingFound(NOTHING_TO_COMPARE, f"the run {folder.name!r} has no scores to compare", fix="assay ls")
    return Side(name=folder.name, facts=Facts(history, ObjectStore(folder / "objects"), final=True))


def gains_between(old: Side, new: Side) -> Gains | None:
    """Return the gains of one winner over the other; None where they share no fold of the same task.

    The folds of a split do not depend on the run's seed: two runs of one task have the same.
    """
    from assay.grading.stats import Undefined, corrected_t_test

    if not old.same_task(new) or old.winner is None or new.winner is None:
        return None
    views = tuple(view for view in old.winner.scores if view in new.winner.scores)
    if not views:
        return None
    metric = old.history.metric
    gains = tuple(metric.gain(new.winner.scores[view], old.winner.scores[view]) for view in views)
    folds = old.history.task.split.k
    test = corrected_t_test(gains, test_train_ratio=1.0 / (folds - 1) if folds > 1 else None)
    low, high = (None, None) if isinstance(test, Undefined) else (test.low, test.high)
    return Gains(new=new.name, old=old.name, views=views, gains=gains, low=low, high=high)


def side_json(side: Side) -> dict[str, Any]:
    """Return a run as JSON values."""
    winner, base, sealed, started = side.winner, side.facts.baseline, side.facts.sealed, side.history.started
    return {
        "run": side.name,
        "seed": started.seed if started else None,
        "model": started.model if started else None,
        "strategy": started.strategy if started else None,
        "started": iso_utc(side.history.phases[0][0]) if side.history.phases else None,
        "trials": len(side.facts.counted),
        "winner": winner.number if winner else None,
        "title": winner.title if winner else None,
        "score": winner.score if winner else None,
        "std_error": winner.std_error if winner else None,
        "verdict": str(winner.verdict) if winner and winner.verdict else None,
        "baseline": base.score if base else None,
        "sealed": sealed.value if sealed else None,
        "sealed_low": sealed.low if sealed else None,
        "sealed_high": sealed.high if sealed else None,
        "wall_s": round(side.history.wall_s, 1),
        "cost_usd": str(side.history.usage.cost_usd) if side.history.usage.cost_usd is not None else None,
        "scores": dict(winner.scores) if winner else {},
    }


def rows(sides: list[Side]) -> list[tuple[str, list[str]]]:
    """Return the lines of a table: a name and a cell for each run."""
    bests = [side.winner.score if side.winner else None for side in sides]
    table: list[tuple[str, list[str]]] = [("run", [side.name for side in sides])]
    started = [side.history.started for side in sides]
    table.append(("seed", [str(one.seed) if one else MISSING for one in started]))
    table.append(("model", [one.model if one else MISSING for one in started]))
    table.append(("trials", [f"{len(side.facts.counted):,}" for side in sides]))
    table.append(("baseline", [_score(side.facts.baseline) for side in sides]))
    table.append(("winner", [f"#{side.winner.number}" if side.winner else MISSING for side in sides]))
    table.append(
        (
            side_metric(sides[0]),
            [
                format_score(best, side.winner.std_error if side.winner else None, bests)
                for best, side in zip(bests, sides, strict=True)
            ],
        )
    )
    table.append(
        ("verdict", [str(side.winner.verdict) if side.winner and side.winner.verdict else MISSING for side in sides])
    )
    table.append(("sealed", [_sealed(side) for side in sides]))
    table.append(("time", [format_duration(side.history.wall_s) for side in sides]))
    table.append(("cost", [_cost(side) for side in sides]))
    return table


def gains_words(found: Gains) -> str:
    """Return the gains in a sentence."""
    return paired_words(found.new, found.old, found.gains, found.low, found.high)


def paired_words(
    new: str, old: str, gains: Sequence[float], low: float | None, high: float | None, *, noun: str = "fold"
) -> str:
    """Return in a sentence what one gains over another on the folds that they share.

    Args:
        new: Name of the one.
        old: Name of the other.
        gains: One a fold, at least one; positive is better.
        low: Lower end of the 95 % interval of their mean, None where there is none.
        high: Its upper end.
        noun: What is paired.
    """
    better = sum(gain > 0 for gain in gains)
    interval = luck = ""
    if low is not None and high is not None:
        interval = f", 95 % interval {format_gain(low)} to {format_gain(high)}"
        luck = ": no more than luck would explain" if low <= 0 <= high else ""
    of = format_count(len(gains), noun)
    return f"{new} over {old}: {format_gain(fmean(gains))}, better in {better} of {of}{interval}{luck}"


def side_metric(side: Side) -> str:
    """Return the metric's name with its direction."""
    metric = side.history.metric
    return f"{metric.name} ({metric.direction} is better)"


def _score(trial: Trial | None) -> str:
    return format_score(trial.score, trial.std_error) if trial is not None else MISSING


def _sealed(side: Side) -> str:
    sealed = side.facts.sealed
    return format_score(sealed.value, sealed.std_error) if sealed is not None else MISSING


def _cost(side: Side) -> str:
    cost = side.history.usage.cost_usd
    return format_money(cost) if side.history.usage.requests and cost is not None else MISSING
