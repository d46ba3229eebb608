"""Finish: what happens after the search: blend, choose on the search folds, fit on everything, open the seal once.

And last, once the submission is written, the checks of the winner.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from assay.core.errors import TaskError
from assay.core.exits import Exit
from assay.core.score import Score
from assay.core.trial import Verdict
from assay.core.view import View, ViewKey
from assay.engine.blending import Blending
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.endings import STAGE
from assay.engine.gate import Gate
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.predicting import Prediction, Predictor
from assay.grading import Graded, Invalid
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, History, Trial

MOST_FITS = 3
"""Trials whose final fit is tried, best first, before the submission made during the search is left in place."""


class Finish:
    """Turns what the search found into one delivered solution.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates.
        judge: Judges the blend and shrinks the winner's score.
        budget: Says how much time is left.
        delivery: Writes the submission.
        gate: Checks the winner; None checks nothing.
    """

    def __init__(
        self,
        parts: Parts,
        measurer: Measurer,
        judge: Judge,
        budget: Budget,
        delivery: Delivery,
        gate: Gate | None = None,
    ) -> None:
        self._parts = parts
        self._gate = gate
        self._judge = judge
        self._budget = budget
        self._delivery = delivery
        self._blending = Blending(parts, measurer, judge, budget)
        self._predictor = Predictor(parts, measurer, budget)
        self.shrunk_score: float | None = None

    def exit_code(self, history: History, stopped_by: str, winner: int | None) -> int:
        """Return 0, 1 (goal not reached), 3 (no score) or 6 (no score because of the provider)."""
        return exit_code(history, stopped_by, winner)

    def work(self, stopped_by: str) -> int | None:
        """Return the winner's number, or None if no trial has a score.

        Once a person has asked to stop now, nothing more is decided, so that a resumption can do all of it.

        Args:
            stopped_by: Why the search ended; after a failing disk nothing new is started.
        """
        history = self._parts.log.pinned(EVERYTHING)
        if history.best is None:
            return None
        if not stopped_by.startswith("E5"):
            self._blending.work(history)
        winner = self._winner(history)
        history = self._parts.log.pinned(EVERYTHING)
        self.shrunk_score = self._judge.shrunk(winner, history)
        # What a person came for goes first: where time is short, it is the sealed check that goes without.
        with self._sealed_beside(winner):
            self._deliver(winner, history)
        self._seal(winner)
        if self._gate is not None and not self._interrupted() and not stopped_by.startswith("E5"):
            self._gate.work(winner)
        return winner.number

    def _winner(self, before: History) -> Trial:
        """Return the best single trial or the blend.

        The best of many looks better than it is, and a blend's score is cross-fitted: they are compared once the luck
        of the best is taken out. A baseline was made before the search and not chosen by its score, so it has no such
        luck: nothing that scores less wins over it.

        Args:
            before: The history without the blend.
        """
        history = self._parts.log.pinned(EVERYTHING)
        ranking = history.ranking()
        best = ranking[0]
        blend = next((t for t in ranking if t.operator == "blend" and t.folds == best.folds), None)
        if blend is None or blend is best or blend.score is None or best.verdict is Verdict.BASELINE:
            return best
        shrunk = self._judge.shrunk(best, before)
        if shrunk is None or history.metric.gain(blend.score, shrunk) < 0:
            return best
        text = (
            f"the blend #{blend.number} wins over #{best.number}, the best of many: without the luck of the best, "
            f"#{best.number} is expected to score {shrunk:.5g}, the blend {blend.score:.5g}"
        )
        self._parts.log.remark_once("W407", text)
        return blend

    # --- sealed check --------------------------------------------------------------------------------------------

    def _sealed_beside(self, winner: Trial) -> AbstractContextManager[None]:
        """Predict the sealed rows on workers that the final fit leaves idle; their labels stay shut meanwhile."""
        key = self._sealed_key()
        return nullcontext() if key is None else self._predictor.beside(winner, self._parts.views.build(key))

    def _sealed_key(self) -> ViewKey | None:
        """Return the view of the sealed rows; None where there is none or a score on it is known."""
        opened = self._parts.log.read(lambda history: history.sealed)
        return self._parts.views.sealed_key() if opened is None or opened.score is None else None

    def _seal(self, winner: Trial) -> None:
        """Score the winner on the sealed rows, unless a score on them is known: they are looked at once."""
        key = self._sealed_key()
        if key is None or self._interrupted():
            return
        opened = self._parts.log.read(lambda history: history.sealed)
        view = self._parts.views.build(key)
        prediction = self._predictor.predict(winner, view)
        if self._interrupted() and prediction.stopped:
            return
        problems = prediction.problems
        score: Score | None = None
        if prediction.file is not None:
            try:
                grade = self._parts.grading.grade_with_interval(self._parts.task, view, prediction.file)
            except TaskError as error:  # for example, all sealed rows of one class: that must not cost the final fit
                grade = Invalid(problems=(error.message,))
            if isinstance(grade, Graded):
                score = replace(grade.score, partial=bool(prediction.unfinished))
            else:
                problems = grade.problems
        self._remark_unfinished(prediction)
        sealed = ev.SealedOpened(trial=winner.number, score=score, problems=problems)
        if sealed != opened:
            self._parts.log.add(sealed)

    # --- final fit -----------------------------------------------------------------------------------------------

    def _deliver(self, winner: Trial, history: History) -> None:
        """Deliver the winner, or where its final fit fails the best trial whose fit does not."""
        key = self._parts.views.final_key()
        if key is None:
            return
        view = self._parts.views.build(key)
        others = [trial for trial in history.ranking() if trial.number != winner.number]
        for trial in [winner, *others][:MOST_FITS]:
            written = self._parts.log.read(lambda h: h.submission)
            if self._interrupted() or (trial is not winner and written is not None and written.trial == trial.number):
                return
            if self._fit(trial, view) or self._budget.remaining_s == 0:
                return

    def _fit(self, winner: Trial, view: View) -> bool:
        """Write the submission of a trial; return whether it is valid, and whole unless there is none yet."""
        prediction = self._predictor.predict(winner, view)
        if self._interrupted() and prediction.stopped:
            return False
        problems = prediction.problems
        if prediction.file is not None:
            problems = self._parts.grading.validate(self._parts.task, view, prediction.file)
        written = self._parts.log.read(lambda h: h.submission)
        if not problems and prediction.unfinished and written is not None:
            problems = tuple(f"{how}, so its predictions may be half-made" for how in prediction.unfinished)
        if prediction.file is not None and not problems:
            self._remark_unfinished(prediction)
            self._delivery.write(winner.number, prediction.file)
            return True
        text = f"the final fit of #{winner.number} left no valid submission: {'; '.join(problems)}"
        self._parts.log.add(ev.Remarked(code="W401", text=text))
        return False

    def _interrupted(self) -> bool:
        return self._parts.activities.stopped

    def _remark_unfinished(self, prediction: Prediction) -> None:
        for how in prediction.unfinished:
            text = f"{how}; what it had written by then is used, and is marked partial"
            self._parts.log.add(ev.Remarked(code="W406", text=text))


def exit_code(history: History, stopped_by: str, winner: int | None) -> int:
    """Return the exit code of a run that ended by itself: 0, 1 (goal not reached), 3 (no score) or 6 (provider)."""
    if winner is None and stopped_by == STAGE:
        return 0
    if winner is None:
        without_answers = stopped_by.startswith("E3") or stopped_by in ("cost", "tokens")
        return Exit.PROVIDER if without_answers else Exit.NO_SCORE
    goal, best = history.limits.goal, history.trials[winner].score
    if goal is not None and (best is None or history.metric.gain(best, goal) < 0):
        return Exit.SHORT
    return 0
