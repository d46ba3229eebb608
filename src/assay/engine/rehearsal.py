"""Rehearsal: a candidate of which a whole fold is expected to be long is first run on few rows.

What fails at the end of a training, such as a file of predictions that nobody can read, then fails within seconds, and
is mended as any failure is. A rehearsal has no score, and nothing is chosen by it: its view has no answers. Nor does it
fail a trial. What a script cannot do on few rows it may well do on all of them: where a failure is not mended, the
whole fold is run after all, and only what that shows counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection
from dataclasses import replace

from assay.core.candidate import Candidate
from assay.core.profile import DataProfile
from assay.core.rehearse import Rehearse
from assay.core.task import SplitKind, Task
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.journal.rehearsals import GIVEN_UP, NOTE, RehearsalPlan, rehearsal_of
from assay.kinds.base import Driven, Failure

LONG_S = 60.0
"""A whole fold of this many seconds is long, ..."""
MANY_CELLS = 1_000_000
"""... and before anything is scored, one of this many values in its training rows, or with files beside the tables."""
LEAST_ROWS, MOST_ROWS, SHARE = 200, 2_000, 10
"""A rehearsal shows a tenth of the training rows of a fold, within these bounds, ..."""
ROWS_OF_A_CLASS = 10
"""... and at least so many for each class on the mean."""
USUAL_FOLDS = 5
"""A single fold holds back about as much as one of so many."""
LEAST_S, MOST_S, SHARE_OF_FOLD = 20.0, 60.0, 3
"""A rehearsal may take a third of what a whole fold is expected to, within these bounds."""
TIMES = 5
"""Fewer times as many rows as in the rehearsal are not worth one."""


class Rehearsals:
    """Decides which trials are rehearsed. Safe for several threads, each with a trial of its own.

    Args:
        parts: What the run is put together from.
        wish: What a person chose; what the journal knows as decided is not decided again.
    """

    def __init__(self, parts: Parts, wish: Rehearse) -> None:
        self._parts = parts
        self._wish = wish
        self._given_up: set[int] = set()

    def plan(self, trial: Trial, candidate: Candidate, attempt: int, history: History) -> RehearsalPlan | None:
        """Return how an attempt is rehearsed; None where it goes to its folds at once.

        Args:
            trial: The trial.
            candidate: What the attempt runs.
            attempt: Its number.
            history: What the trial's step may know.
        """
        if trial.number in self._given_up or isinstance(self._parts.kinds[candidate.kind], Driven):
            return None
        plan = self._known(trial) or self._decided(trial, candidate, history)
        if plan is None or (plan.given_up is not None and plan.given_up < attempt):
            return None
        return plan

    def give_up(self, trial: Trial, attempt: int) -> None:
        """Let the attempt run its folds, and those that follow it, too: few rows may be all that failed."""
        self._given_up.add(trial.number)
        plan = self._known(trial)
        if plan is None or plan.given_up is None:
            self._parts.log.add(ev.Noted(key=trial.key + GIVEN_UP, value=attempt))

    def told(self, trial: Trial, failure: Failure) -> Failure:
        """Return the failure of a rehearsal as whoever mends it needs to know it."""
        plan = self._known(trial)
        if plan is None:
            return failure
        said = (
            f"This was a rehearsal on {plan.rows:,} of about {plan.shown:,} training rows, and as few test rows, so "
            "that a mistake shows before a whole training. If the few rows alone are to blame, let the script do with "
            "them (fewer splits, smaller batches), and keep what it does on all rows as it is."
        )
        return replace(failure, detail=f"{failure.detail.rstrip()}\n\n{said}")

    def _known(self, trial: Trial) -> RehearsalPlan | None:
        return self._parts.log.read(lambda known: rehearsal_of(known, trial))

    def _decided(self, trial: Trial, candidate: Candidate, history: History) -> RehearsalPlan | None:
        """Return how a trial is rehearsed, noted; None where it is not."""
        plan = self._planned(candidate, history)
        if plan is not None:
            told = {"rows": plan.rows, "of": plan.shown, "expected_s": plan.expected_s}
            self._parts.log.add(ev.Noted(key=trial.key + NOTE, value=told))
        return plan

    def _planned(self, candidate: Candidate, history: History) -> RehearsalPlan | None:
        if self._wish is Rehearse.NEVER:
            return None
        task, profile, views = self._parts.task, self._parts.profile, self._parts.views
        shown = shown_rows(task, profile)
        rows = rehearsal_rows(task, shown)
        if shown < TIMES * rows or views.rehearsal_key(rows) is None:
            return None
        code, whole = candidate.digest, views.fold_keys()[0]
        if self._parts.log.read(lambda known: known.measurement(code, whole.name, whole.seed)) is not None:
            return None  # equal code has run on all rows before
        expected = expected_s(history, candidate.parents)
        long = many_values(task, profile, shown) if expected is None else expected >= LONG_S
        if self._wish is Rehearse.AUTO and not long:
            return None
        return RehearsalPlan(rows=rows, shown=shown, expected_s=expected)


def most_s(plan: RehearsalPlan) -> float:
    """Return the longest that a rehearsal may take: what it costs a candidate without a fault is bounded by it."""
    return MOST_S if plan.expected_s is None else min(MOST_S, max(LEAST_S, plan.expected_s / SHARE_OF_FOLD))


def expected_s(history: History, parents: Collection[int]) -> float | None:
    """Return how many seconds a whole fold of a new candidate is expected to take; None where nothing tells.

    Those of its slowest parent, else the median of all trials that were scored; baselines and blends tell nothing.
    """
    scored = [t for t in history.trials.values() if t.ranks and t.operator not in ("baseline", "blend")]
    own = [t.wall_s for t in scored if t.number in parents]
    if own:
        return max(own)
    return round(statistics.median(t.wall_s for t in scored), 3) if scored else None


def shown_rows(task: Task, profile: DataProfile) -> int:
    """Return about how many training rows the first search fold shows."""
    k = task.split.k if task.split.k > 1 else USUAL_FOLDS
    share = 1 / (k + 1) if task.split.kind is SplitKind.TIME else (k - 1) / k
    return min(int(profile.train_rows * share), task.row_cap)


def rehearsal_rows(task: Task, shown: int) -> int:
    """Return how many training rows a rehearsal shows, where a fold shows `shown`."""
    return max(LEAST_ROWS, min(MOST_ROWS, shown // SHARE), ROWS_OF_A_CLASS * len(task.output.classes))


def many_values(task: Task, profile: DataProfile, shown: int) -> bool:
    """Return whether a fold is long for all that is known of the data alone."""
    return bool(task.data.side) or shown * len(profile.columns) >= MANY_CELLS
