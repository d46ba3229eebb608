"""Record: what the lab keeps of each cycle and each experiment; everything else here is computed from these."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.metric import Metric
from assay.models.roles import Experiment

COMPLETE, FAILED, STOPPED, LOST, RUNNING = "complete", "failed", "stopped", "lost", "running"


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """One cycle: one action, after gate and mentor."""

    number: int
    """Counted by the lab itself from 1: failed questions, killed runs and rows of a log do not shift it."""
    action: str
    """run, wait, stop or finish."""
    category: str = "other"
    label: str = ""
    command: str = ""
    training: bool = False
    """Whether the command that it started trains something."""
    searched: bool = False
    """Whether the web was searched for its decision or its review."""
    reviewed: bool = False
    challenged: bool = False
    source: str = "worker"
    """Whose decision was carried out: worker or mentor."""
    refused: tuple[str, ...] = ()
    """Codes of the gate's findings."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One experiment. It is credited once, when its real end is known, however many cycles it ran through."""

    number: int
    cycle: int
    """That started it."""
    label: str = ""
    category: str = "other"
    command: str = ""
    changed: str = ""
    """Options or files in which it differs from the default, in a line."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The playbook's own record of the options that it set."""
    state: str = RUNNING
    """running, complete, failed, stopped or lost."""
    training: bool = True
    exit_code: int | None = None
    score: float | None = None
    """What it reported; None where there was nothing to read."""
    points: int = 0
    """Finite values that were read of the metric: of a training, its epochs."""
    repeats: int = 1
    """Runs of the same command, each with a seed of its own, that the score is the mean of."""
    ended: float | None = None
    """Seconds since the epoch."""
    wall_s: float = 0.0
    problem: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state != RUNNING

    @property
    def trained(self) -> bool:
        """Whether it truly trained: a training that ended by itself with exit code 0 and left its metric."""
        return self.training and self.state == COMPLETE and self.exit_code == 0 and self.score is not None


def gains(results: Sequence[Result], metric: Metric) -> dict[int, float | None]:
    """Return the gain of each ended experiment over the best before it, positive is better, by number.

    None where it has no score, or is the first that has one. Order is that of the ends.
    """
    best: float | None = None
    found: dict[int, float | None] = {}
    for result in in_order(results):
        found[result.number] = None if result.score is None or best is None else metric.gain(result.score, best)
        if result.score is not None and (best is None or metric.gain(result.score, best) > 0):
            best = result.score
    return found


def in_order(results: Sequence[Result]) -> list[Result]:
    """Return the ended experiments in the order of their ends."""
    return sorted(
        (r for r in results if r.has_ended), key=lambda r: (r.ended if r.ended is not None else 0.0, r.number)
    )


def streak(results: Sequence[Result], metric: Metric, *, noise: float = 0.0) -> int:
    """Return how many experiments in a row, up to the last that ended, did not beat the best before them.

    One that failed did not beat it; the first score of all did. Cycles do not enter, so waiting changes nothing.

    Args:
        results: All experiments.
        metric: Knows which way is better.
        noise: Gains up to this come from chance, in units of the metric; at least 0.
    """
    gained, seen, count = gains(results, metric), False, 0
    for result in in_order(results):
        gain = gained[result.number]
        first = result.score is not None and not seen
        seen = seen or result.score is not None
        count = 0 if first or (gain is not None and gain > noise) else count + 1
    return count


def best_of(results: Sequence[Result], metric: Metric) -> Result | None:
    """Return the ended experiment with the best score, the first of equals; None without any."""
    best: Result | None = None
    for result in in_order(results):
        if result.score is not None and (
            best is None or best.score is None or metric.gain(result.score, best.score) > 0
        ):
            best = result
    return best


def as_experiments(results: Sequence[Result], metric: Metric, numbers: Container[int]) -> tuple[Experiment, ...]:
    """Return the rows that both roles see of the experiments with these numbers, in their order."""
    gained = gains(results, metric)
    return tuple(
        Experiment(
            number=r.number,
            label=r.label,
            category=r.category,
            command=r.command,
            changed=r.changed,
            settings=dict(r.settings),
            state=r.state,
            score=r.score,
            delta=gained.get(r.number),
            repeats=r.repeats,
            wall_s=r.wall_s,
            problem=r.problem,
        )
        for r in sorted(results, key=lambda r: r.number)
        if r.number in numbers
    )
