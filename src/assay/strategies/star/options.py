"""StarOptions: how far the strategy `mle_star` goes, with the defaults of the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from assay.core.errors import UsageError
from assay.strategies.known import BASELINES


@dataclass(frozen=True, kw_only=True)
class StarOptions:
    """The sizes of the paper's algorithms (Nam et al. 2025, arXiv:2506.15692) and what may be varied."""

    models: int = 4
    """M: models retrieved for each path."""
    outer: int = 4
    """T: ablations of each path, each followed by work on one block."""
    inner: int = 4
    """K: plans for a block."""
    paths: int = 2
    """L: independent searches side by side."""
    rounds: int = 5
    """R: ensembles tried."""
    patience: int = 2
    """Outer steps without a gain after which a path ends; 0 never ends it."""
    inner_patience: int = 0
    """Plans in a row without a gain after which a block is left; 0 tries them all."""
    compound: int = 0
    """1 rewrites what the last plan that helped made of the block; else every plan rewrites the original."""
    merge_all: int = 0
    """1 tries every merge; else merging stops at the first that does not help."""
    shared_start: int = 0
    """1 gives all paths the same initial solution, as the reference implementation does."""
    leakage: int = 1
    """1 has every script looked at for leaks before it is run; 0 leaves that to the static checks."""
    data_usage: int = 1
    """1 asks once for each path whether all of the data is used."""
    research: int = 0
    """1 asks a researcher before models are chosen."""
    validate: int = 1
    """1 has the best script looked at by somebody who did not write it."""
    init_share: int = 25
    """Share of the time in percent after which no merge is begun, ..."""
    refine_share: int = 50
    """... share of the refinement after it, ..."""
    ensemble_share: int = 15
    """... and of the ensembles. The rest is the finish's. The reference implementation gives a day 10, 65 and 15; in
    a quarter of an hour the initial solutions alone take more than a tenth."""

    @property
    def first_path(self) -> int:
        """Step of the first path: after the baselines, and the shared start if there is one."""
        return BASELINES + self.shared_start

    @property
    def first_round(self) -> int:
        """Step of the first ensemble."""
        return self.first_path + self.paths

    @property
    def last_step(self) -> int:
        """Step of the last look, after the ensembles."""
        return self.first_round + self.rounds

    def within(self, trials: int | None) -> StarOptions:
        """Return the options for a run of `trials` proposals: fewer rounds, paths and models where there are few."""
        if trials is None:
            return self
        left = max(0, trials - BASELINES)
        rounds = min(self.rounds, left // 6)
        paths = max(1, min(self.paths, (left - rounds) // 4))
        models = max(1, min(self.models, (left - rounds) // (2 * paths)))
        return replace(self, rounds=rounds, paths=paths, models=models)

    def allotment(self, trials: int | None) -> int | None:
        """Return how many proposals each path may make in a run of `trials`; None for no bound."""
        if trials is None:
            return None
        shares = self.paths + self.shared_start
        return max(0, trials - BASELINES - self.rounds) // shares

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> StarOptions:
        """Return the options named in `arguments`.

        Raises:
            UsageError: There is no such option, or its value is not one that it may have (E025).
        """
        given = {}
        for name, value in arguments.items():
            if name not in cls.__dataclass_fields__ or not value.isdecimal():
                known = ", ".join(cls.__dataclass_fields__)
                raise UsageError(
                    "E025", f"strategy 'mle_star' has no option {name}={value!r}; it has {known} (numbers)"
                )
            given[name] = int(value)
        options = cls(**given)
        if options.models < 1 or options.paths < 1:
            raise UsageError("E025", "strategy 'mle_star' needs at least one model and one path")
        if options.init_share + options.refine_share + options.ensemble_share > 100:
            raise UsageError("E025", "the shares of time of strategy 'mle_star' are more than the whole")
        return options
