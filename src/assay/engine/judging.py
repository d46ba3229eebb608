"""Judging: the statistics of the verdict module applied to the trials of a run, confirmation runs included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assay.core.trial import Verdict
from assay.engine.parts import Parts
from assay.grading.stats import PairedTest, corrected_t_test
from assay.journal import events as ev
from assay.journal.history import History, Trial

if TYPE_CHECKING:
    from assay.core.candidate import Candidate
    from assay.engine.evaluate import Plan
    from assay.engine.measure import Measurer


class Judge:
    """Races and judges trials.

    Args:
        parts: What the run is put together from.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def lost(self, scores: Mapping[str, float], history: History) -> str:
        """Return why a candidate with these fold scores can no longer be the best, or empty if it still can."""
        return ""

    def judge(
        self, trial: Trial, candidate: Candidate, scores: Mapping[str, float], plan: Plan, measurer: Measurer
    ) -> ev.Judged:
        """Return what the scores show against the best of the plan's history, confirmed on fresh seeds."""
        return self.compare(trial, scores, plan.history)

    def compare(self, trial: Trial, scores: Mapping[str, float], history: History) -> ev.Judged:
        """Return what the scores show against the best of `history`, without any further run."""
        best = history.best
        if best is None:
            return ev.Judged(trial=trial.number, verdict=Verdict.MAYBE, reasons=("there is nothing to compare with",))
        shared = [view for view in scores if view in best.scores]
        gains = [history.metric.gain(scores[view], best.scores[view]) for view in shared]
        test = corrected_t_test(gains)
        if not isinstance(test, PairedTest):
            return ev.Judged(trial=trial.number, against=best.number, verdict=Verdict.NOISE, reasons=(test.reason,))
        return ev.Judged(
            trial=trial.number,
            against=best.number,
            verdict=Verdict.MAYBE if test.p_value < 0.05 else Verdict.NOISE,
            effect=test.mean,
            low=test.low,
            high=test.high,
            p_value=test.p_value,
            same_sign=sum(gain > 0 for gain in gains),
            folds=len(gains),
        )

    def shrunk(self, winner: Trial, history: History) -> float | None:
        """Return the winner's search score corrected for the best of many."""
        return winner.score
