"""FinishPlan: when a run shall stop looking for something better and deliver, as a person planned it while it ran."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FinishPlan:
    """A planned end. Times are those of the wall clock, so that a night that a machine slept through is not added."""

    at: float
    """When the finish-up begins, seconds since the epoch."""
    deadline: float | None = None
    """When everything must be delivered, seconds since the epoch; None leaves that to the run's own limits."""
    final_rounds: int = 1
    """Rounds of training that may still be made once it has begun, where the strategy works in rounds; at least 0."""
    top_k: int = 10
    """Places of the final leaderboard, 3 to 20."""
    note: str = ""
    """What the person said about it."""
