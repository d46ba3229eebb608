"""Pace of `mle_star`: what its scripts and answers take, by the trials and questions that a run has behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import fmean

from assay.engine.budget import FINISH_MARGIN, FINISH_SHARE, Budget
from assay.engine.judging import CONFIRM_SHARE
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.strategies.pace import FIT_SHARE, SLOWER

SCRIPT_ANSWERS = 2
"""Questions to get a script: it is written, and looked at for leaks."""
STUDY_ANSWERS = 3
"""Questions about an ablation: its variants, what they say, and which block to work on."""
RACED = 0.7
"""Share of its folds that a further beginning or a merge is run on, on average: what clearly loses is stopped early."""
CONFIRMED_SHARE = 0.02
"""Share of a run's time that a script may take on all folds for its gain to be confirmed on fresh partitions at once.
Slower ones would spend on two or three of these what a whole phase takes; their verdict is `maybe` at best."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What the parts of a search take, in seconds.

    A script's cost is that of one run of it on one fold; `fold_s` stands for one of usual cost.
    """

    fold_s: float
    folds: int
    wall_s: float = math.inf
    """The run's time limit."""
    overhead_s: float = 0.0
    """Of a fold, beside the script's own time: views, the sandbox and grading."""
    answer_s: float = 0.0
    workers: int = 1
    confirm_s: float = 0.0
    """What confirmations of gains may take in all."""

    def trial_s(self, fold_s: float, paths: int = 1) -> float:
        """Return the seconds of a script on all folds, where so many paths share the machine.

        Args:
            fold_s: The script's own seconds on one fold.
            paths: Paths side by side, at least 1.
        """
        one, slots = fold_s + self.overhead_s, self.workers / paths
        return one * self.folds / slots if slots <= 1 else one * (1 + math.ceil((self.folds - 1) / slots))

    def confirms(self, fold_s: float) -> bool:
        """Return whether there is time to confirm the gain of a script of that cost."""
        return self.trial_s(fold_s) <= CONFIRMED_SHARE * self.wall_s

    def proposal_s(self, fold_s: float, paths: int = 1, *, raced: float = 1.0) -> float:
        """Return the seconds until a proposal of that cost has its score, answers included; on all folds as a rule."""
        return SCRIPT_ANSWERS * self.answer_s + raced * self.trial_s(fold_s, paths)

    def plan_s(self, fold_s: float, paths: int = 1) -> float:
        """Return the seconds of a plan for a block and of the script that follows it, on all folds."""
        return self.answer_s + self.proposal_s(fold_s, paths)

    def study_s(self, fold_s: float, variants: int, folds: int, paths: int = 1) -> float:
        """Return the seconds of an ablation with so many variants on so many folds each."""
        runs = variants * folds * (fold_s + self.overhead_s)
        return STUDY_ANSWERS * self.answer_s + runs * paths / min(self.workers, paths * variants * folds)

    def round_s(self, fold_s: float) -> float:
        """Return the seconds of an ensemble whose members take `fold_s` together; it runs alone, on all folds."""
        return (1 + SCRIPT_ANSWERS) * self.answer_s + self.trial_s(fold_s)

    def settled_s(self, fold_s: float) -> float:
        """Return by how much the finish takes longer where the winner is slower by `fold_s`: two fits and a margin."""
        return 2 * FINISH_MARGIN * fold_s / self.workers

    def of(self, trial: Trial) -> float:
        """Return what a run of this trial's script takes on one fold."""
        return trial.wall_s or self.fold_s


def pace_of(step: Step, history: History, first: Trial | None) -> Pace:
    """Return the pace of a run so far.

    Args:
        step: Whose budget and task.
        history: What was done so far: its baselines say what a fold takes beside the script's own time.
        first: The first solution that has a score; None before there is one, when its scripts are taken to be as much
            slower than the baseline as scripts of a search are at most.
    """
    session = step.session
    folds, workers = len(session.parts.views.fold_keys()), max(1, session.budget.limits.workers)
    limit = session.budget.limits.wall_s
    wall = math.inf if limit is None else limit
    ranked = [trial for trial in history.ranking() if trial.operator == "baseline"]
    slowest = SLOWER * ranked[0].wall_s if ranked else FIT_SHARE * wall / folds
    fold = slowest if first is None else first.wall_s
    fresh = sum(m.execution.wall_s for m in history.all_measurements() if m.seed and m.execution is not None)
    left = max(0.0, CONFIRM_SHARE * wall * workers - fresh) / workers
    pace = Pace(
        wall_s=wall,
        fold_s=fold,
        folds=folds,
        overhead_s=min((_overhead_s(trial, workers) for trial in ranked), default=0.0),
        answer_s=_answer_s(history),
        workers=workers,
    )
    one = pace.trial_s(fold)
    confirm = min(2 * one, left) if pace.confirms(fold) and one <= left else 0.0
    return replace(pace, confirm_s=confirm)


def finish_s(budget: Budget, pace: Pace, heads: int) -> float:
    """Return the seconds that the finish and the checks of the winner will want, where the winner is an ensemble.

    Args:
        budget: Of the run.
        pace: Of the run.
        heads: Solutions of different beginnings that the finish may combine, at least 1.
    """
    wall = budget.limits.wall_s or 0.0
    members = [2 * pace.fold_s, *[pace.fold_s] * (heads - 1), pace.fold_s / SLOWER]
    ahead = min(FINISH_SHARE * wall, FINISH_MARGIN * budget.finish_cost_s(members)) + (budget.gate_s or 0.0)
    return max(ahead, budget.reserve_s())


def _overhead_s(trial: Trial, workers: int) -> float:
    """Return what a fold of a trial took beside the script's own time; trials that waited for others seem slower."""
    rounds = 1 + math.ceil((trial.folds - 1) / workers)
    return max(0.0, (trial.finished - trial.created) / rounds - trial.wall_s)


def _answer_s(history: History) -> float:
    """Return the mean seconds of an answer so far."""
    took = [q.answer.latency_s for q in history.questions.values() if q.answer is not None]
    return fmean(took) if took else 0.0
