"""History: the journal folded into tables. A pure class: the same events always give the same tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from assay.core.budget import Limits
from assay.core.metric import Metric
from assay.core.task import Task
from assay.core.validation import Check
from assay.journal import events as ev
from assay.journal.history.measurement import Measurement, Measurements
from assay.journal.history.tables import Tables
from assay.journal.history.trial import Trial

EVERYTHING = 1 << 62
"""For `History.pinned`: what all steps made, and what came after them."""


class History(Tables):
    """Everything that the events up to one number tell.

    Feed it events in order with `apply`; it is then read by strategies, the engine and reports. A strategy gets a
    pinned one from its session and must not feed it.

    Args:
        events: To begin with, in order, from the first on.
    """

    @property
    def task(self) -> Task:
        """The task of the run.

        Raises:
            LookupError: The journal holds no start; so do `metric` and `limits`.
        """
        return self._start().task

    @property
    def metric(self) -> Metric:
        """The metric of the run's task."""
        return self.task.metric

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._start().limits

    @property
    def next_trial(self) -> int:
        """The number that the next trial gets."""
        return len(self.trials)

    def trial_by_key(self, key: str) -> Trial | None:
        """Return the trial created under `key`, if there is one."""
        number = self._by_key.get(key)
        return None if number is None else self.trials[number]

    def measurement(self, code: str, view: str, seed: int = 0) -> Measurement | None:
        """Return what is known of a candidate on a view; the last, if it ran again.

        Args:
            code: Content digest of the candidate.
            view: Name of the view.
            seed: That it ran with; 0 is the first execution.
        """
        return self._measurements.get((code, view, seed))

    def measurements(self, trial: int) -> list[Measurement]:
        """Return everything that was run for a trial, in the order it started, superseded attempts included."""
        return [m for m in self._measurements if m.trial == trial]

    def latest_measurements(self, count: int = 64) -> list[Measurement]:
        """Return the last that were started, as many as may be under way or belong to what is.

        Args:
            count: Most of them, at least 1.
        """
        return self._measurements.last(count)

    def all_measurements(self) -> list[Measurement]:
        """Return everything that was run, in the order it started."""
        return list(self._measurements)

    def ranking(self, where: Callable[[Trial], bool] = lambda trial: True) -> list[Trial]:
        """Return the trials that rank and satisfy `where`, best first; ties go to the earlier.

        A trial that raced out of some folds ranks below every trial that was run on more of them.

        Args:
            where: Which trials are looked at; all of them by default.
        """
        ranked = [t for t in self.trials.values() if t.ranks and where(t)]
        most = max((t.folds for t in ranked), default=0)
        full = [t for t in ranked if t.folds == most]
        rest = [t for t in ranked if t.folds < most]
        return self.metric.ranked(full, lambda t: t.score) + sorted(
            rest, key=lambda t: (-t.folds, self.metric.sort_key(t.score))
        )

    @property
    def best(self) -> Trial | None:
        """The best trial by mean search score, among those run on all folds."""
        ranking = self.ranking()
        return ranking[0] if ranking else None

    def pinned(self, steps: int) -> History:
        """Return the history as the steps numbered below `steps` made it.

        What a step decides from this depends neither on how fast the steps beside it ran nor on whether the run was
        finished once and resumed: what the finish made, and the sealed score, are left out. So are, always, scores that
        were measured elsewhere: no search may follow them.

        Args:
            steps: Number of the first step that is not seen; `EVERYTHING` leaves no trial out.
        """
        view = History()
        view.__dict__.update(self.__dict__)
        view.elsewhere = []
        if steps >= EVERYTHING:
            view.trials = dict(self.trials)
            return view
        view.trials = {number: trial for number, trial in self.trials.items() if trial.is_before(steps)}
        view.sealed = view.finished = None
        if self.noise is not None and self.noise.step is not None and self.noise.step >= steps:
            view.noise = None
        return view

    def snapshot(self) -> History:
        """Return a history that does not change when this one is fed: to be read by another thread."""
        kept = History()
        for name, value in self.__dict__.items():
            kept.__dict__[name] = value.copy() if isinstance(value, (dict, list, Measurements)) else value
        return kept

    def with_trials(self, trials: Iterable[Trial]) -> History:
        """Return this pinned history with further finished trials, for a step that decides more than once."""
        view = History()
        view.__dict__.update(self.__dict__)
        view.trials = {**self.trials, **{trial.number: trial for trial in trials}}
        return view

    def validated(self, winner: int) -> list[ev.Validated]:
        """Return the checks of a winner, in their order; empty if none was made."""
        found = {known.check: known for known in self.validations.values() if known.winner == winner}
        return [found[check] for check in Check if check in found]

    def checks_of(self, trial: int) -> list[ev.Validated]:
        """Return the checks of a winner, or those in which a trial was run for the blend that won."""
        own = {known.check: known for known in self.validations.values() if trial in (known.trial, known.winner)}
        return [own[check] for check in Check if check in own]
