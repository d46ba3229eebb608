"""Sizes of `mle_star`: how much of the algorithm is done, fitted to the time so that every phase of it has its turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from assay.strategies.shared import ABLATION_FOLDS
from assay.strategies.star.options import StarOptions
from assay.strategies.star.pace import RACED, Pace

VARIANTS = 4
"""Variants of an ablation at most."""
GROWTH = ("models", "merges", "study_folds", "variants", "inner", "rounds", "outer", "paths")
"""What is made larger in turn, one step each, while the time is enough. A second solution comes first, since without it
there is nothing to merge and little to combine; a second path comes last, since it repeats what the first does."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of each part of the algorithm is planned.

    Of plans, ablations and ensembles more is done where time is left.
    """

    paths: int
    models: int
    """Initial solutions of each path."""
    merges: int
    """Most merges of each path."""
    outer: int
    """Ablations of each path."""
    variants: int
    """Most variants of an ablation."""
    study_folds: int
    """Folds that each of them is run on."""
    inner: int
    """Plans for a block."""
    rounds: int
    """Ensembles."""

    @classmethod
    def whole(cls, options: StarOptions) -> Sizes:
        """Return the sizes of the options, with nothing taken off."""
        return cls(
            paths=options.paths,
            models=options.models,
            merges=options.models - 1,
            outer=options.outer,
            variants=VARIANTS,
            study_folds=ABLATION_FOLDS,
            inner=options.inner,
            rounds=options.rounds,
        )

    @classmethod
    def of(cls, note: Mapping[str, Any]) -> Sizes:
        """Return the sizes that a note says."""
        return cls(**{name: int(note[name]) for name in cls.__dataclass_fields__})

    def note(self) -> dict[str, int]:
        """Return the sizes as a note keeps them."""
        return asdict(self)

    def seconds(self, pace: Pace, begun: int = 0) -> float:
        """Return what a search of these sizes takes at this pace.

        Args:
            pace: What its parts take.
            begun: Initial solutions that have a score already, retrieval included; 0 before the first.
        """
        fold, paths = pace.fold_s, self.paths
        ahead = max(0, self.models - begun)
        first = 0.0 if begun else pace.answer_s + pace.trial_s(fold, paths) - pace.proposal_s(fold, paths, raced=RACED)
        answers = 2 * pace.answer_s  # whether all data is used, and whether something fits the search alone
        starts = ahead * pace.proposal_s(fold, paths, raced=RACED)
        merges = self.merges * pace.proposal_s(2 * fold, paths, raced=RACED)
        plans = self.inner * pace.plan_s(fold, paths)
        refined = self.outer * (pace.study_s(fold, self.variants, self.study_folds, paths) + plans)
        return first + starts + merges + refined + self.rounds * pace.round_s(2 * fold) + answers + pace.confirm_s

    def least_refinement_s(self, pace: Pace, fold_s: float) -> float:
        """Return what the smallest refinement of a script of that cost takes: one part left out, and one plan."""
        if not (self.outer and self.inner):
            return 0.0
        return pace.study_s(fold_s, 1, 1, self.paths) + pace.plan_s(fold_s, self.paths)

    def least_ensemble_s(self, pace: Pace, fold_s: float) -> float:
        """Return what one ensemble of two scripts of that cost takes, and by how much the finish grows with it."""
        return pace.round_s(2 * fold_s) + pace.settled_s(fold_s) if self.rounds else 0.0


def fitted(whole: Sizes, pace: Pace, left_s: float, finish_s: dict[int, float], *, begun: int = 0) -> Sizes:
    """Return the largest sizes, at most `whole`, that fit the time; the smallest there are where none fits.

    Whatever fits whole is left whole. Else everything starts at one, merges at none, and grows in turn: see `GROWTH`.

    Args:
        whole: The sizes wanted.
        pace: What its parts take.
        left_s: Seconds until the run's end.
        finish_s: What the finish will want, by the number of initial solutions of all paths, from 1.
        begun: Initial solutions that have a score already; they are not begun again, and `paths` stays as it is.
    """

    def fits(sizes: Sizes) -> bool:
        heads = min(sizes.paths * sizes.models, max(finish_s))
        return sizes.seconds(pace, begun) + finish_s[heads] <= left_s

    if fits(whole):
        return whole
    values = whole.note()
    least = {name: min(1, value) for name, value in values.items()}
    least |= {"merges": 0, "models": max(1, min(begun, whole.models)), "paths": whole.paths if begun else 1}
    sizes = Sizes(**least)
    grown = True
    while grown:
        grown = False
        for name in GROWTH:
            value = getattr(sizes, name)
            larger = replace(sizes, **{name: value + 1})
            if value < values[name] and larger.merges < larger.models and fits(larger):
                sizes, grown = larger, True
    return sizes
