"""Searches played with simulated scores: the engine's protocol over the verdict module, without a single process.

A score is the sum of the candidate's effect, the difficulty of the fold (shared by all candidates), and noise of the
candidate's own. The noise of one fold has variance 1, and any two folds of a partition share a part of it (they share
most of their training rows): the correlation `rho`. Of that part, the share `lasting` comes back on every partition
(luck with the rows), the rest is drawn anew for each (luck with the partition and the seeds).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from assay.core.metric import Direction, Metric, Needs
from assay.core.trial import Verdict
from assay.engine.noise import RESEEDS, NoiseFloor
from assay.engine.verdict import (
    SearchErrors,
    can_still_win,
    compare,
    confirmation_seeds,
    judge,
    measure_noise,
    needs_more,
    worth_confirming,
)

METRIC = Metric(name="accuracy", direction=Direction.HIGHER, needs=Needs.LABELS)


@dataclass(frozen=True, kw_only=True)
class World:
    """How scores come about."""

    folds: int
    tails: float = math.inf
    """Degrees of freedom of the noise: infinite is normal, 5 has heavy tails."""
    rho: float | None = None
    """Correlation of two folds of a partition; None is 1/k, what Nadeau and Bengio assume."""
    lasting: float = 0.0
    difficulty: float = 2.0
    """Standard deviation of fold difficulty. It adds up to zero over a partition, which tests every row once."""
    candidates: int = 100
    quiet_baseline: float = 1.0
    """The baseline's noise over that of the candidates."""

    @property
    def correlation(self) -> float:
        return 1.0 / self.folds if self.rho is None else self.rho

    @property
    def deviation(self) -> float:
        """The noise deviation: of the paired mean difference over the folds of a partition, dependence included."""
        return math.sqrt(2.0 * (self.correlation + (1.0 - self.correlation) / self.folds))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return one search's scores: candidate (0 is the baseline), partition (0 is the search's), fold."""
        partitions = 1 + max(RESEEDS, confirmation_seeds(self.folds))
        shape = (self.candidates + 1, partitions, self.folds)
        together = self.correlation
        noise = math.sqrt(1.0 - together) * self._noise(rng, shape)
        noise += math.sqrt(together * (1.0 - self.lasting)) * self._noise(rng, (*shape[:2], 1))
        noise += math.sqrt(together * self.lasting) * self._noise(rng, (shape[0], 1, 1))
        noise[0] *= self.quiet_baseline
        hard = self.difficulty * rng.standard_normal((1, *shape[1:]))
        return noise + hard - hard.mean(axis=2, keepdims=True)

    def _noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if math.isinf(self.tails):
            return rng.standard_normal(shape)
        return rng.standard_t(self.tails, shape) / math.sqrt(self.tails / (self.tails - 2.0))


@dataclass(kw_only=True)
class Played:
    """What one search came to."""

    verdicts: dict[int, Verdict] = field(default_factory=dict)
    best: int = 0
    confirmations: int = 0
    fresh_folds: int = 0
    """Folds run for confirmations, the incumbent's included and each counted once."""
    search_folds: int = 0
    boasts: int = 0
    """Candidates above their incumbent by more than the noise deviation on the search folds: `real` to the naive."""

    @property
    def real(self) -> set[int]:
        return {number for number, verdict in self.verdicts.items() if verdict is Verdict.REAL}


class Search:
    """Plays one search: the baseline first, then every candidate once, in order, following the best mean."""

    def __init__(self, scores: np.ndarray) -> None:
        self._scores = [
            [{f"fold-{n}": value for n, value in enumerate(fold)} for fold in one] for one in scores.tolist()
        ]
        self._folds = scores.shape[2]
        self._run: set[tuple[int, int]] = {(0, partition) for partition in range(RESEEDS + 1)}
        self._streak = 0

    def play(self) -> Played:
        noise = measure_noise(self._scores[0][: RESEEDS + 1])
        played = Played(search_folds=self._folds)
        for number in range(1, len(self._scores)):
            played.verdicts[number] = self._try(number, noise, played)
        return played

    def _try(self, number: int, noise: NoiseFloor, played: Played) -> Verdict:
        mine, best = self._scores[number][0], self._scores[played.best][0]
        gains: list[float] = []
        for view in mine:
            gains.append(mine[view] - best[view])
            played.search_folds += 1
            if not can_still_win(gains, folds=self._folds, noise=noise):
                return Verdict.NOISE
        search = compare(mine, best, METRIC)
        played.boasts += search.mean > (noise.floor or math.inf)
        errors = SearchErrors(confirmations_so_far=played.confirmations, tried=number, streak=self._streak)
        fresh = []
        if worth_confirming(search, noise):
            while needs_more(search, fresh, noise, errors):
                partition = len(fresh) + 1
                played.fresh_folds += sum(self._once(one, partition) for one in (number, played.best))
                fresh.append(compare(self._scores[number][partition], self._scores[played.best][partition], METRIC))
        verdict = judge(search, fresh, noise, errors).verdict
        if fresh:
            played.confirmations += 1
            self._streak = self._streak + 1 if verdict is Verdict.REAL else 0
        if search.mean > 0:
            played.best = number
        return verdict

    def _once(self, number: int, partition: int) -> int:
        """Return the folds that a run costs: none when it is cached."""
        known = (number, partition) in self._run
        self._run.add((number, partition))
        return 0 if known else self._folds


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Measured over many searches."""

    false_real: float
    """Share of searches of equal candidates with at least one `real`."""
    naive: float
    """The same, had the search folds been believed."""
    power: float
    """Share of searches in which the better candidate was called `real`."""
    confirmations: float
    """Confirmations in a search of equal candidates."""
    cost: float
    """Folds run for its confirmations, over its search folds."""
    raced: float
    """Search folds run, over those of a search without racing."""


def measure(world: World, *, searches: int, seed: int, better_by: float = 3.0) -> Rates:
    """Play `searches` searches of equal candidates and as many with one better by `better_by` noise deviations."""
    equal = list(_equal(world, searches, seed))
    found = list(_one_better(world, searches, seed + 1, better_by))
    full = searches * (world.candidates + 1) * world.folds
    return Rates(
        false_real=sum(bool(one.real) for one in equal) / searches,
        naive=sum(bool(one.boasts) for one in equal) / searches,
        power=sum(found) / searches,
        confirmations=sum(one.confirmations for one in equal) / searches,
        cost=sum(one.fresh_folds for one in equal) / sum(one.search_folds for one in equal),
        raced=sum(one.search_folds for one in equal) / full,
    )


def _equal(world: World, searches: int, seed: int) -> Iterator[Played]:
    rng = np.random.default_rng(seed)
    for _ in range(searches):
        yield Search(world.draw(rng)).play()


def _one_better(world: World, searches: int, seed: int, better_by: float) -> Iterator[bool]:
    rng = np.random.default_rng(seed)
    for _ in range(searches):
        scores = world.draw(rng)
        place = int(rng.integers(1, world.candidates + 1))
        scores[place] += better_by * world.deviation
        yield place in Search(scores).play().real
