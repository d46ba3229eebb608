"""Filling: races stop a trial as soon as it cannot win, but it may still be a voice that a blend lacks.

Before the blend, the best trial of every branch that has none run on all folds is run on the folds that its race left
out, as far as the time that the search handed over allows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from assay.engine.budget import Budget
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.verdict import compare
from assay.journal.history import History, Trial

MOST_FILLED = 3
LIKELY_MEMBERS = 3
"""The finish of this many of the best trials is set aside before anything is filled."""
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
                pool.submit(
                    self._measurer.measure,
                    trial=trial.number,
                    attempt=max(1, trial.attempts),
                    candidate=self._parts.objects.candidate(trial.candidate),
                    key=key,
                    seed=key.seed,
                    wall_s=self._budget.remaining_s,
                )

    def _affordable(self, trials: list[Trial], history: History) -> list[Trial]:
        left, folds = self._budget.remaining_s, len(self._parts.views.fold_keys())
        if left is None:
            return trials
        cost = sum(self._budget.finish_cost_s(t.wall_s) for t in history.ranking()[:LIKELY_MEMBERS])
        chosen = []
        for trial in trials:
            runs = (folds - trial.folds) * trial.wall_s / max(1, self._budget.limits.workers)
            more = runs + self._budget.finish_cost_s(trial.wall_s)
            if cost + more <= FILL_SHARE * left:
                chosen.append(trial)
                cost += more
        return chosen


def voices(history: History, folds: int) -> list[Trial]:
    """Return the trials that raced out but may help a blend, the nearest to the best first.

    Of each branch that has no trial with all folds, the nearest to the best; only trials that beat the best baseline
    on the folds they share.

    Args:
        history: All of the run.
        folds: Folds of the search.
    """
    best, ranking = history.best, history.ranking()
    if best is None:
        return []
    whole = [t for t in ranking if t.folds == folds]
    baselines = [t for t in whole if t.operator == "baseline"]
    heard = {branch_of(history, t) for t in whole}
    raced = [t for t in ranking if t.folds < folds and t.operator != "baseline" and _beats(history, t, baselines[:1])]
    found: dict[int, Trial] = {}
    for trial in sorted(raced, key=lambda t: -compare(t.scores, best.scores, history.metric).mean):
        branch = branch_of(history, trial)
        if branch not in heard:
            found.setdefault(branch, trial)
    return list(found.values())


def branch_of(history: History, trial: Trial) -> int:
    """Return the number of the trial that `trial` descends from by first parents."""
    while trial.parents:
        trial = history.trials[trial.parents[0]]
    return trial.number


def _beats(history: History, trial: Trial, others: list[Trial]) -> bool:
    return all(compare(trial.scores, other.scores, history.metric).mean > 0 for other in others)
