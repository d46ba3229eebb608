"""How far a run of `mle_star` gets in the time that it has: its phases, walked through at an assumed pace."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

from assay.core.budget import Limits
from assay.engine.budget import FINISH_SHARE
from assay.journal.history import History
from assay.strategies.pace import ANSWER_S, trial_s
from assay.strategies.shared import ABLATION_FOLDS
from assay.strategies.star.options import StarOptions

NOISE_SHARE = 0.1
"""Share of the time that measuring the noise takes at most."""
_VARIANTS = 4
"""Variants of an ablation at most."""


class _Over(Exception):
    """The search has no time left."""


@dataclass(frozen=True, kw_only=True)
class _Pace:
    answer_s: float
    trial_s: float
    lucky: bool
    """Whether every merge helps, every path goes on, and nothing is kept for the finish."""


def reachable(
    options: StarOptions, limits: Limits, history: History | None = None
) -> dict[str, tuple[int, int]] | None:
    """Return the fewest and the most questions by role that the time allows; None without a time limit.

    Fewest of the smallest sizes at the slowest pace that is assumed, most of the whole at the fastest; see
    `assay.strategies.pace`. Times of answers count though several paths wait at once; trials of paths side by side
    share the workers.

    Args:
        options: How far it would go.
        limits: Time and workers.
        history: What was done so far; its baseline says how long a fold takes. None before the start.
    """
    if limits.wall_s is None:
        return None
    if history is not None and history.wall_s >= limits.wall_s:
        return {}
    fastest, slowest = trial_s(limits.wall_s, history)
    most = _Walk(options, limits, _Pace(answer_s=ANSWER_S[0], trial_s=fastest, lucky=True)).questions()
    # Where not all of it fits at that pace, the sizes may shrink to the least.
    whole = _Walk(options, limits, _Pace(answer_s=ANSWER_S[1], trial_s=slowest, lucky=True))
    least = options if whole.ends_s() < (1 - FINISH_SHARE) * limits.wall_s else _least(options)
    fewest = _Walk(least, limits, _Pace(answer_s=ANSWER_S[1], trial_s=slowest, lucky=False)).questions()
    return {role: (min(fewest[role], count), count) for role, count in most.items()}


def _least(options: StarOptions) -> StarOptions:
    """Return the smallest sizes that a search is fitted to."""
    outer, inner, rounds = (min(1, size) for size in (options.outer, options.inner, options.rounds))
    return replace(options, paths=1, models=1, outer=outer, inner=inner, rounds=rounds)


class _Walk:
    """One walk through the phases of all paths, which are alike and side by side."""

    def __init__(self, options: StarOptions, limits: Limits, pace: _Pace) -> None:
        self._options = options
        self._pace = pace
        self._wall_s = limits.wall_s or 0.0
        self._workers = max(1, limits.workers)
        self._end_s = self._wall_s if pace.lucky else (1 - FINISH_SHARE) * self._wall_s
        self._now_s = 0.0
        self._asked: Counter[str] = Counter()

    def questions(self) -> Counter[str]:
        try:
            self._run(1, 2)
            self._now_s += 0.0 if self._pace.lucky else NOISE_SHARE * self._wall_s
            self._begin(1 if self._options.shared_start else self._options.paths)
            self._refine()
            self._combine()
            self._finalize()
        except _Over:
            pass
        return self._asked

    def ends_s(self) -> float:
        """Return how long the walk takes, in seconds; what time cut off is at the end of it."""
        self.questions()
        return self._now_s

    def _begin(self, paths: int) -> None:
        options = self._options
        if options.research:
            self._ask("research", paths)
        self._ask("retrieve", paths)
        self._ask("init", paths * options.models)
        self._scripts(paths, options.models)
        for _ in range(options.models - 1):
            if not self._until(options.init_share):
                break
            self._ask("merge", paths)
            self._scripts(paths, 1)
            if not self._pace.lucky:
                break
        if options.data_usage:
            self._ask("data_usage", paths)
            if self._pace.lucky:
                self._ask("code", paths)
                self._scripts(paths, 1)

    def _refine(self) -> None:
        options, paths = self._options, self._options.paths
        share = options.init_share + options.refine_share
        steps = options.outer if self._pace.lucky or not options.patience else min(options.outer, options.patience)
        for _ in range(steps):
            if not self._until(share):
                return
            self._ask("ablate", paths)
            self._now_s += self._pace.trial_s * math.ceil(paths * _VARIANTS / self._workers) / ABLATION_FOLDS
            self._ask("summarize", paths)
            self._ask("extract", paths * (2 if self._pace.lucky else 1))
            for plan in range(options.inner):
                if not self._until(share):
                    return
                if plan:
                    self._ask("plan", paths)
                self._ask("code", paths)
                self._scripts(paths, 1)

    def _combine(self) -> None:
        options = self._options
        share = options.init_share + options.refine_share + options.ensemble_share
        for _ in range(options.rounds):
            if not self._until(share):
                return
            self._ask("ensemble_plan", 1)
            self._ask("ensemble", 1)
            self._scripts(1, 1)

    def _finalize(self) -> None:
        self._ask("finalize", 1)
        if self._pace.lucky:
            self._ask("code", 1)
            self._scripts(1, 1)
        if self._options.validate:
            self._ask("validate", 1)

    def _scripts(self, paths: int, each: int) -> None:
        """Look at scripts for leaks, then run them; one that fails is mended, if things go on long."""
        if self._options.leakage:
            self._ask("leakage", paths * each)
        if self._pace.lucky:
            self._asked["debug"] += paths * each
        self._run(paths, each)

    def _ask(self, role: str, count: int) -> None:
        if self._now_s >= self._end_s:
            raise _Over
        self._asked[role] += count
        self._now_s += self._pace.answer_s

    def _run(self, paths: int, each: int) -> None:
        self._now_s += self._pace.trial_s * math.ceil(paths * each / self._workers)

    def _until(self, percent: int) -> bool:
        return self._now_s < percent / 100 * self._wall_s
