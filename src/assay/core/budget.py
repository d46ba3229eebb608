"""Limits: every bound of a run. Whichever is reached first ends it, and the report says which."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a whole run; None means no bound of that kind."""

    trials: int | None = None
    """Most proposals: each baseline, draft, improvement and ablation study is one; variants and the blend are none."""
    wall_s: float | None = None
    """Most seconds of running, pauses between a kill and its resume not counted."""
    tokens: int | None = None
    """Most tokens of all model calls, input and output together."""
    cost_usd: Decimal | None = None
    """Most money for all model calls, in US dollars."""
    trial_timeout_s: float | None = None
    """Most seconds of one execution; None lets the engine choose from the wall limit."""
    goal: float | None = None
    """Stop when the search score of the best trial reaches this, in the metric's own direction."""
    workers: int = 1
    """Trials in flight at a time."""

    @property
    def lanes(self) -> int:
        """How many steps may be under way without seeing each other: more than workers, so that none of them idles.

        A worker whose step was short would else wait for the long one beside it before it may start the next.
        """
        workers = max(1, self.workers)
        return workers + workers // 2


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a run has used so far."""

    trials: int = 0
    """Proposals, counted as `Limits.trials` does."""
    wall_s: float = 0.0
    """Seconds of running, pauses left out."""
    tokens: int = 0
    """Input and output together."""
    cost_usd: Decimal = Decimal(0)
    """Known costs only."""
    unpriced_requests: int = 0
    """Requests whose price is unknown: then `cost_usd` is a lower bound."""
