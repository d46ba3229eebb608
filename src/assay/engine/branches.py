"""Branches: a search grows from drafts, and everything that descends from one draft is one branch of it."""

from __future__ import annotations

from assay.engine.comparison import compare
from assay.journal.history import History, Trial


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
    """Return the number of the trial that `trial` descends from by first parents; it names the branch."""
    while trial.parents:
        trial = history.trials[trial.parents[0]]
    return trial.number


def heads(history: History, folds: int) -> list[Trial]:
    """Return the best trial of each branch among those run on all folds, best first, blends left out."""
    found: dict[int, Trial] = {}
    for trial in history.ranking():
        if trial.folds == folds and trial.operator != "blend":
            found.setdefault(branch_of(history, trial), trial)
    return list(found.values())


def _beats(history: History, trial: Trial, others: list[Trial]) -> bool:
    return all(compare(trial.scores, other.scores, history.metric).mean > 0 for other in others)
