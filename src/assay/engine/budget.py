"""Budget: what is left of a run's limits, and when the search must hand over to the finish."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal

from assay.core.budget import Limits, Spent
from assay.core.clock import Clock
from assay.engine.branches import heads, voices
from assay.engine.endings import Ending
from assay.engine.log import EventLog
from assay.journal.history import History, Trial

FINISH_SHARE = 0.3
"""Largest share of the wall limit that is kept for the finish."""
FINISH_LEAST_S = 5.0
FINISH_MARGIN = 1.3
"""Times what the finish is expected to take is kept for it."""
GATE_SHARE = 0.05
"""Largest share of the wall limit that the checks of the winner take, ..."""
GATE_LEAST_S, GATE_LEAST_SHARE = 5.0, 0.08
"""... or of a short run a little more, up to this many seconds."""
GATE_RUNS, GATE_VIEWS_S = 5, 2.0
"""Executions of the winner that the checks take, and what building their views is expected to take."""
LIKELY_HEADS = 4
"""Branches whose best trial is reckoned with as a member of the blend, ..."""
LIKELY_VOICES = 2
"""... and raced trials of other branches."""


class Budget:
    """Answers how much is left. Time is that of running: pauses before a resumption do not count.

    Args:
        limits: Bounds of the run.
        log: Tells what was spent so far.
        clock: Measures this process's share of the time.
        begun: Monotonic reading from which this process's time counts; None means now.
        scale: Training rows of the final fit over those of a search fold, at least 1: how much longer it may take.
        gate: Whether time is kept for the checks of the winner, beside that for the rest of the finish.
    """

    def __init__(
        self,
        limits: Limits,
        log: EventLog,
        clock: Clock,
        *,
        begun: float | None = None,
        scale: float = 1.0,
        gate: bool = False,
    ) -> None:
        self.limits = limits
        self._log = log
        self._clock = clock
        self._scale = scale
        self._gate = gate
        self._before = log.read(lambda history: history.wall_s)
        self._started = clock.monotonic() if begun is None else begun
        self._stopped_by = ""
        self._expected = (-1, 0.0, 0.0)
        self._lock = threading.Lock()

    @property
    def lanes(self) -> int:
        """How many steps may be under way without seeing each other."""
        return self.limits.lanes

    @property
    def elapsed_s(self) -> float:
        """Seconds of running so far, over all processes that worked on the run."""
        return self._before + self._clock.monotonic() - self._started

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the wall limit, or None without one; never negative."""
        return None if self.limits.wall_s is None else max(0.0, self.limits.wall_s - self.elapsed_s)

    @property
    def search_s(self) -> float | None:
        """Seconds that the search may still use: the rest is kept for the finish."""
        left = self.remaining_s
        return None if left is None else max(0.0, left - self.reserve_s())

    @property
    def gate_s(self) -> float | None:
        """Most seconds that the checks of the winner may take; None without a wall limit."""
        wall = self.limits.wall_s
        return None if wall is None else max(GATE_SHARE * wall, min(GATE_LEAST_S, GATE_LEAST_SHARE * wall))

    def reserve_s(self) -> float:
        """Return the seconds that fills, blend, sealed check and final fit of likely members are expected to take.

        With those of the checks of the winner, where it is checked.
        """
        wall = self.limits.wall_s
        if wall is None:
            return 0.0
        finish, gate = self._log.read(self._with_running)
        kept = min(gate, self.gate_s or 0.0) if self._gate else 0.0
        return min(FINISH_SHARE * wall, max(FINISH_LEAST_S, FINISH_MARGIN * finish)) + kept

    def _finish_s(self, history: History) -> tuple[float, float]:
        """Return the expected seconds of a finish that blends the heads of the best branches and a few voices more.

        And those of the checks of the best trial.
        """
        # It is asked for at every check, and changes only when a trial ends.
        ended = sum(1 for trial in history.trials.values() if trial.state.is_final)
        if self._expected[0] != ended:
            folds = max((trial.folds for trial in history.trials.values()), default=0)
            members = [*heads(history, folds)[:LIKELY_HEADS], *voices(history, folds)[:LIKELY_VOICES]]
            missing = sum(self.missing_cost_s(trial, folds) for trial in members)
            finish, best = missing + self.finish_cost_s([trial.wall_s for trial in members]), history.best
            runs = GATE_RUNS * best.wall_s / max(1, self.limits.workers) if best is not None else 0.0
            self._expected = (ended, finish, runs + GATE_VIEWS_S if best is not None else 0.0)
        return self._expected[1:]

    def _with_running(self, history: History) -> tuple[float, float]:
        """Return the same, where the slowest trial under way becomes the winner: then it is too late to keep more."""
        finish, gate = self._finish_s(history)
        return max(finish, self.finish_cost_s(_running_s(history))), gate

    def missing_cost_s(self, trial: Trial, folds: int) -> float:
        """Return the seconds that the folds take which a trial was not run on."""
        return (folds - trial.folds) * trial.wall_s / max(1, self.limits.workers)

    def finish_cost_s(self, folds_s: Sequence[float]) -> float:
        """Return the seconds that sealed check and final fit of candidates are expected to take, side by side.

        Args:
            folds_s: Of each candidate, its mean seconds on one search fold.
        """
        if not folds_s:
            return 0.0
        return (1.0 + self._scale) * max(*folds_s, sum(folds_s) / max(1, self.limits.workers))

    def spent(self) -> Spent:
        """Return what was used so far."""
        return self._log.read(lambda history: spent(history, self.elapsed_s))

    def stop(self, stopped_by: str) -> None:
        """End the search at the next check; the first reason stays."""
        with self._lock:
            self._stopped_by = self._stopped_by or stopped_by

    def check(self) -> None:
        """Return if the search may go on.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
        """
        reason = self._stopped_by or self._reached()
        if reason:
            self.stop(reason)
            raise Ending(self._stopped_by)

    def _reached(self) -> str:
        limits, used = self.limits, self.spent()
        left = self.search_s
        if left is not None and left <= 0:
            return "time"
        if limits.tokens is not None and used.tokens >= limits.tokens:
            return "tokens"
        if limits.cost_usd is not None and used.cost_usd >= limits.cost_usd:
            return "cost"
        return "goal" if self._log.read(self._goal_met) else ""

    def _goal_met(self, history: History) -> bool:
        goal = self.limits.goal
        best = history.best if goal is not None else None  # ranks all trials, and is asked for at every step
        if goal is None or best is None or best.score is None:
            return False
        return history.metric.gain(best.score, goal) >= 0


def _running_s(history: History) -> list[float]:
    """Return the seconds of the slowest execution of each trial under way, as far as it got."""
    running = {trial.number for trial in history.trials.values() if trial.counts and not trial.state.is_final}
    slowest: dict[int, float] = {}
    for measurement in history.latest_measurements() if running else ():
        if measurement.trial in running and measurement.execution is not None:
            slowest[measurement.trial] = max(slowest.get(measurement.trial, 0.0), measurement.execution.wall_s)
    return list(slowest.values())


def spent(history: History, wall_s: float | None = None) -> Spent:
    """Return what the run behind `history` used; `wall_s` overrides the time that its events show."""
    usage = history.usage
    return Spent(
        trials=sum(1 for trial in history.trials.values() if trial.counts),
        wall_s=history.wall_s if wall_s is None else wall_s,
        tokens=usage.tokens,
        cost_usd=usage.cost_usd or Decimal(0),
        unpriced_requests=usage.unpriced,
    )
