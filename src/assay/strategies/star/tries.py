"""Tries: the trials of one path of `mle_star`, how one is proposed, and which of them is the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assay.core.candidate import Candidate
from assay.core.trial import TrialState
from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.operators.star.guard import without_leaks
from assay.strategies.star.options import StarOptions
from assay.strategies.star.phase import Allowance, Skipped
from assay.strategies.star.room import Room


class Tries:
    """The trials of a path, which sees them and nothing of the paths beside it.

    Args:
        step: The step that the path is; at the stage that it is in.
        options: Whether scripts are looked at for leaks.
        allowance: What may still be proposed.
        room: Says which trials are confirmed at once.
    """

    def __init__(self, step: Step, options: StarOptions, allowance: Allowance, room: Room) -> None:
        self.step = step
        self.trials: list[Trial] = []
        self._options = options
        self._allowance = allowance
        self._room = room

    def propose(self, part: Step, make: Callable[[], Candidate]) -> Trial | None:
        """Return the finished trial of what `make` returns, looked at for leaks first; None if nothing came of it."""
        written = self.written(part, make)
        if written is None:
            return None
        best = self.best()
        confirm = best is None or self._room.confirms(best)
        return part.evaluate("trial", written[0], confirm=confirm, remarks=written[1])

    def written(self, part: Step, make: Callable[[], Candidate]) -> tuple[Candidate, tuple[str, ...]] | None:
        """Return what `make` returns, looked at for leaks, with what is to be said of it; None if nobody answered."""
        if not self._allowance.take():
            raise Skipped("the bound on trials is reached")
        try:
            candidate = make()
        except NoAnswer:
            return None
        return without_leaks(part, candidate) if self._options.leakage else (candidate, ())

    def part(self, name: str) -> Step:
        """Return a part of the path that sees its own trials."""
        return self.step.within(name, self.history())

    def history(self) -> History:
        """Return what the path knows: the history of its step and its own trials."""
        return self.step.history.with_trials(self.trials)

    def keep(self, trials: Sequence[Trial | None]) -> None:
        """Count these among the path's own; None stands for what came to nothing."""
        self.trials.extend(trial for trial in trials if trial is not None)

    def holds(self, trial: Trial) -> bool:
        """Return whether a trial is one of the path's own."""
        return any(own.number == trial.number for own in self.trials)

    def best(self, start: Trial | None = None) -> Trial | None:
        """Return the best trial of this path, or of it and where it started."""
        own = {t.number for t in self.trials} | ({start.number} if start is not None else set())
        ranking = self.history().ranking(lambda trial: trial.number in own)
        return ranking[0] if ranking else None

    def at_least(self, trial: Trial, best: Trial) -> bool:
        """Return whether `trial` is as good as `best` on as many folds."""
        if trial.state is not TrialState.COMPLETE or trial.score is None or trial.folds < best.folds:
            return False
        return best.score is None or self.step.history.metric.gain(trial.score, best.score) >= 0
