"""Filling: races stop a trial as soon as it cannot win, but it may still be a voice that a blend lacks.

Before the blend, the best trial of every branch that has none run on all folds is run on the folds that its race left
out, as far as the time that the search handed over allows.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from assay.core.errors import MachineError
from assay.core.view import ViewKey
from assay.engine.branches import heads, voices
from assay.engine.budget import LIKELY_HEADS, Budget
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.journal.history import History, Trial

_logger = logging.getLogger(__name__)

MOST_FILLED = 3
"""Trials that are filled at most."""
FILL_SHARE = 0.8
"""Share of the time left that fills and finish together may be expected to take."""


class Filling:
    """Runs promising trials on the folds that their races left out.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates; what it has measured it does not measure again.
        budget: Says how much time is left.
    """

    def __init__(self, parts: Parts, measurer: Measurer, budget: Budget) -> None:
        self._parts = parts
        self._measurer = measurer
        self._budget = budget

    def work(self, history: History) -> None:
        """Fill what `voices` names and the time allows; a fold that fails leaves its trial out of the blend."""
        keys = self._parts.views.fold_keys()
        chosen = self._affordable(voices(history, len(keys))[:MOST_FILLED], history)
        runs = [(trial, key) for trial in chosen for key in keys if key.name not in trial.scores]
        with ThreadPoolExecutor(max(1, self._budget.limits.workers), thread_name_prefix="fill") as pool:
            for trial, key in runs:
                pool.submit(self._run, trial, key)

    def _run(self, trial: Trial, key: ViewKey) -> None:
        try:
            self._measurer.measure(
                trial=trial.number,
                attempt=max(1, trial.attempts),
                candidate=self._parts.objects.candidate(trial.candidate),
                key=key,
                seed=key.seed,
                wall_s=self._budget.remaining_s,
            )
        except MachineError as error:
            _logger.warning("#%d is not filled on %s: %s", trial.number, key.name, error.message)

    def _affordable(self, trials: list[Trial], history: History) -> list[Trial]:
        left, folds = self._budget.remaining_s, len(self._parts.views.fold_keys())
        if left is None:
            return trials
        walls = [trial.wall_s for trial in heads(history, folds)[:LIKELY_HEADS]]
        chosen: list[Trial] = []
        filled = 0.0
        for trial in trials:
            missing = self._budget.missing_cost_s(trial, folds)
            if filled + missing + self._budget.finish_cost_s([*walls, trial.wall_s]) <= FILL_SHARE * left:
                chosen.append(trial)
                walls.append(trial.wall_s)
                filled += missing
        return chosen
