"""Room: whether the time of a path is enough for its next move, and for the least of what is to come after it."""

from __future__ import annotations

from dataclasses import dataclass

from assay.engine.step import Step
from assay.journal.history import Trial
from assay.strategies.star.options import StarOptions
from assay.strategies.star.pace import Pace, finish_s, pace_of
from assay.strategies.star.phase import Allowance, Skipped
from assay.strategies.star.sizes import Sizes, fitted

MOST_HEADS = 4
"""Solutions of different beginnings that the finish combines at most, for what it takes."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """How large an ablation is."""

    variants: int
    folds: int


class Room:
    """How much of each part a path does, and whether it is time for one more.

    The sizes are fitted twice: before the paths by what the baselines took, and on each path by what its first scored
    solution took. What comes of it is noted, so that a resumed run has the same sizes whatever the time is by then.
    Without a time limit nothing is bounded.

    Args:
        step: The step that the path is.
        options: What is wanted.
        sizes: As fitted before the paths.
    """

    def __init__(self, step: Step, options: StarOptions, sizes: Sizes) -> None:
        self._step = step
        self._options = options
        self._limited = step.session.budget.limits.wall_s is not None
        known = step.session.view().notes.get(self._key) if self._limited else None
        self.planned = sizes
        """The sizes before a solution of this path said more."""
        self.sizes = sizes if known is None else Sizes.of(known["sizes"])
        self._pace = None if known is None else Pace(**known["pace"])

    @property
    def scarce(self) -> bool:
        """Whether less is done than is wanted, for want of time."""
        return self.sizes != Sizes.whole(self._options)

    @property
    def pace(self) -> Pace:
        """What the parts of this path take."""
        if self._pace is None:
            return self._step.session.parts.log.read(lambda history: pace_of(self._step, history, None))
        return self._pace

    def fit(self, first: Trial) -> None:
        """Fit the sizes to the time by the first solution of this path that has a score; later ones change nothing."""
        if not self._limited or self._pace is not None:
            return

        def fresh() -> dict[str, object]:
            pace = self._step.session.parts.log.read(lambda history: pace_of(self._step, history, first))
            wanted = Sizes.whole(self._options)
            whole = Sizes(**{**wanted.note(), "paths": self.sizes.paths})
            return {"sizes": fit_sizes(self._step, whole, pace, begun=1).note(), "pace": vars(pace)}

        found = self._step.session.note(self._key, fresh)
        self.sizes, self._pace = Sizes.of(found["sizes"]), Pace(**found["pace"])

    @property
    def limited(self) -> bool:
        """Whether there is a time limit."""
        return self._limited

    def confirms(self, trial: Trial) -> bool:
        """Return whether there is time to confirm the gains of scripts that take as long as this one's."""
        return not self._limited or self.pace.confirms(self.pace.of(trial))

    def for_a_start(self, allowance: Allowance, index: int, scored: int) -> bool:
        """Return whether an initial solution may be begun where so many have a score; without one, it may."""
        if not self._limited or not index:
            return True
        name = f"init-{index}"
        if not scored:
            # Noted all the same: after a resumption those that ran beside it have their scores.
            return allowance.until(name, None)
        needs = self.pace.proposal_s(self.pace.fold_s, self.sizes.paths) + self._to_come(self.pace.fold_s)
        return allowance.until(name, self._options.init_share, needs, wanted=scored < self.sizes.models)

    def require_merge(self, allowance: Allowance, index: int, best: Trial, other: Trial) -> None:
        """Return if a merge of two solutions may be begun.

        Raises:
            Skipped: There is no time for it.
        """
        if not self._limited:
            return
        if index >= self.sizes.merges:
            many = "a merge" if not index else "another merge"
            raise Skipped(f"the time is not enough for {many} and what is to come")
        both = self.pace.of(best) + self.pace.of(other)
        needs = self.pace.proposal_s(both, self.sizes.paths) + self._to_come(self.pace.of(best))
        self._require(allowance, f"merge-{index}", self._options.init_share, needs, first=not index)

    def require_study(self, allowance: Allowance, outer: int, best: Trial) -> Study:
        """Return how large the next ablation is: as fitted, or smaller where scripts have become slower since.

        Raises:
            Skipped: There is no time for it and a plan.
        """
        largest = Study(variants=self.sizes.variants, folds=self.sizes.study_folds)
        if not self._limited:
            return largest
        pace, fold, paths = self.pace, self.pace.of(best), self.sizes.paths
        share = self._options.init_share + self._options.refine_share
        plan, last = pace.plan_s(fold, paths), self.sizes.least_ensemble_s(pace, fold)
        choices = [
            Study(variants=variants, folds=folds)
            for variants, folds in ((largest.variants, largest.folds), (2, 2), (2, 1), (1, 1))
            if variants <= largest.variants and folds <= largest.folds
        ]

        def chosen() -> list[int] | None:
            left = self._step.session.budget.search_s or 0.0
            for keeps in (plan + last, plan):
                for study in choices:
                    if pace.study_s(fold, study.variants, study.folds, paths) + keeps < left:
                        return [study.variants, study.folds]
                if outer:
                    break
            return None

        found = self._step.session.note(f"{self._step.key}/refine-{outer}/study", chosen)
        if found is None:
            raise Skipped("the time is not enough for an ablation and a plan")
        self._require(allowance, f"refine-{outer}", share, 0.0, first=not outer)
        return Study(variants=found[0], folds=found[1])

    def require_plan(self, allowance: Allowance, outer: int, inner: int, base: Trial) -> None:
        """Return if a plan for a block of `base` may be begun.

        Raises:
            Skipped: There is no time for it.
        """
        if not self._limited:
            return
        pace, fold = self.pace, self.pace.of(base)
        first = not (outer or inner)
        keeps = 0.0 if first else self.sizes.least_ensemble_s(pace, fold)
        share = self._options.init_share + self._options.refine_share
        needs = pace.plan_s(fold, self.sizes.paths) + keeps
        self._require(allowance, f"refine-{outer}/plan-{inner}", share, needs, first=first)

    def _to_come(self, fold_s: float) -> float:
        """Return what the least of refinement and ensembles takes."""
        least = self.sizes.least_refinement_s(self.pace, fold_s)
        return least + self.sizes.least_ensemble_s(self.pace, fold_s)

    def _require(self, allowance: Allowance, name: str, share: int, needs_s: float, *, first: bool) -> None:
        if not allowance.until(name, None if first else share, needs_s):
            why = "the time is not enough for it" if first else f"the time is not enough, or {share} % of it is used"
            raise Skipped(f"{why} and for what is to come" if first else why)

    @property
    def _key(self) -> str:
        return f"{self._step.key}/sizes"


def fit_sizes(step: Step, whole: Sizes, pace: Pace, *, begun: int = 0) -> Sizes:
    """Return the largest sizes that fit what is left of a run's time: see `fitted`."""
    budget = step.session.budget
    ahead = {heads: finish_s(budget, pace, heads) for heads in range(1, MOST_HEADS + 1)}
    return fitted(whole, pace, budget.remaining_s or 0.0, ahead, begun=begun)
