"""Mending: the repair of what failed, between two attempts of a trial, and its try in what is alive of the run."""

from __future__ import annotations

from assay.core.candidate import Candidate
from assay.core.execution import Outcome
from assay.engine.budget import Budget
from assay.engine.cell_repair import repaired_within
from assay.engine.live_notes import note_live, noted_live
from assay.engine.measure import Measurer
from assay.engine.parts import Parts, Repairer
from assay.engine.plan import Plan
from assay.journal import events as ev
from assay.journal.history import Trial
from assay.journal.rehearsals import only_rehearsed
from assay.kinds.base import Failure


class Mender:
    """Mends the candidates of trials.

    Args:
        parts: What the run is put together from.
        measurer: Keeps halted runs.
        budget: Says when time is up.
        repairer: Mends failing candidates; None repairs nothing.
        most: Most repairs of one trial; 0 or more.
    """

    def __init__(
        self, parts: Parts, measurer: Measurer, budget: Budget, repairer: Repairer | None, *, most: int
    ) -> None:
        self._parts = parts
        self._measurer = measurer
        self._budget = budget
        self._repairer = repairer
        self._most = most

    def may_mend(self, trial: Trial) -> bool:
        """Return whether there is a repair left."""
        return self._repairer is not None and len(self._repairs(trial)) < self._most

    def mend(
        self,
        trial: Trial,
        candidate: Candidate,
        attempt: int,
        failure: Failure,
        plan: Plan,
        *,
        rehearsed: bool = False,
    ) -> Candidate | None:
        """Return a mended candidate, journaled, or None when repairs are used up or bring nothing new.

        Args:
            trial: What it belongs to.
            candidate: What failed.
            attempt: The attempt in which it did.
            failure: How.
            plan: How the trial is evaluated.
            rehearsed: Whether it failed in a rehearsal.
        """
        repairs = self._repairs(trial)
        same = bool(repairs) and repairs[-1].signature == failure.signature
        twice_same = same and len(repairs) > 1 and repairs[-2].signature == failure.signature
        if self._repairer is None or len(repairs) >= self._most or twice_same:
            return None
        if rehearsed and same and self._parts.log.read(lambda known: only_rehearsed(known, trial, attempt - 1)):
            return None  # seen twice on few rows and never on all of them: these may be all that is wrong
        key = f"{trial.key}/{'rehearsal' if rehearsed else 'repair'}-{attempt}"
        mended = repaired_within(
            self._repairer, key, candidate, failure, plan.within, round=len(repairs) + 1, same=same
        )
        if mended is None:
            return None
        self._parts.log.add(
            ev.Repaired(
                trial=trial.number,
                attempt=attempt + 1,
                candidate=self._parts.objects.put_candidate(mended.candidate),
                cause=mended.cause,
                by=mended.by,
                signature=failure.signature,
            )
        )
        return mended.candidate

    def go_on(self, trial: Trial, mended: Candidate, attempt: int, unit: str) -> Failure | None:
        """Try the mended candidate in what is still alive of the run that failed; return how it fails next, if it does.

        Only the clean run that follows counts. The failure is noted before anybody is asked about it, for after a crash
        nothing is alive any more, and the question must be the same.
        """
        execution = self._measurer.go_on(trial.number, mended, unit, self._budget.search_s) if unit else None
        if execution is None or execution.outcome in (Outcome.STOPPED, Outcome.INFRA):
            return None
        failure = self._parts.kinds[mended.kind].diagnose(execution, ())
        if failure is None or not failure.unit:
            return None  # it ran to its end, or in a way that only a clean run can tell
        note_live(self._parts.log, trial.key, attempt, failure)
        return failure

    def seen_live(self, trial: Trial, attempt: int) -> Failure | None:
        """Return the failure of the attempt that was seen live before a crash."""
        return self._parts.log.read(lambda history: noted_live(history, trial.key, attempt))

    def _repairs(self, trial: Trial) -> tuple[ev.Repaired, ...]:
        return self._parts.log.read(lambda history: history.trials[trial.number].repairs)
