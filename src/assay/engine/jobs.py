"""Jobs: candidates that nobody grades, executed for their evidence.

A job is a trial of a run without data, folds and metric. It is created, executed once an attempt in the sandbox, what
it left is taken, and whoever asked for it says from that evidence, never from a score, in which state it ends. Every
step is journaled before or after it as elsewhere, and found in the journal instead of done again by a resumed run.
"""

from __future__ import annotations

from dataclasses import replace

from assay.core.candidate import Candidate
from assay.core.execution import Execution, Outcome
from assay.core.trial import TrialState
from assay.engine.budget import Budget
from assay.engine.creating import trial_under
from assay.engine.disk_room import Room
from assay.engine.endings import Ending
from assay.engine.job_runner import JobPlan, JobRunner, job_view
from assay.engine.parts import Parts
from assay.engine.pause import Pause
from assay.journal import events as ev
from assay.journal.history import Measurement, Trial
from assay.sandbox import SandboxLimits


class Jobs:
    """Creates, executes and ends jobs. Called from the steps of a strategy, several at a time.

    Args:
        parts: What the run is put together from.
        budget: Says how much time is left.
        limits: Bounds of one attempt where its plan names none.
        room: Holds back what is new while the disk is nearly full; None watches that of the run's folder.
    """

    def __init__(self, parts: Parts, budget: Budget, limits: SandboxLimits, room: Room | None = None) -> None:
        self._parts = parts
        self._budget = budget
        self.runner = JobRunner(parts, budget, limits)
        self._pause = Pause(parts, budget)
        self.room = room or Room(parts.log, parts.clock, parts.folder, is_over=lambda: parts.activities.stopped)

    def wait_for_room(self) -> None:
        """Return when something new may be started: no person paused the run, and the disk is not nearly full.

        Raises:
            Ending: A limit is reached, or somebody asked to stop.
        """
        self._pause.hold()
        self.room.wait(self._budget.search_s)
        self._budget.check()

    def create(self, key: str, candidate: Candidate, *, step: int | None = None) -> Trial:
        """Return the job under `key`, created now if the journal does not know it. It never takes part in a ranking."""
        return trial_under(self._parts, key, candidate, step=step, counts=False)

    def current(self, number: int) -> tuple[Candidate, int]:
        """Return the job's candidate, as created or as last mended, and the attempt that it belongs to."""
        trial = self.trial(number)
        attempt = trial.repairs[-1].attempt if trial.repairs else 1
        return self._parts.objects.candidate(trial.candidate), attempt

    def trial(self, number: int) -> Trial:
        """Return the job as the journal tells it now."""
        return self._parts.log.read(lambda history: history.trials[number])

    def execution(self, number: int, attempt: int) -> Execution | None:
        """Return what came back from an attempt, or None if it has not ended."""
        candidate, _ = self.current(number)
        known = self._parts.log.read(lambda h: h.measurement(candidate.digest, job_view(number, attempt)))
        return None if known is None else known.execution

    def run(self, number: int, attempt: int, candidate: Candidate, plan: JobPlan) -> Execution:
        """Return what came back from an attempt of the job, executed once whatever happens.

        A file that is older than the start of the attempt is refused: it is no work of this attempt.

        Args:
            number: The job.
            attempt: 1 for the candidate as created; each repair adds one.
            candidate: What to run.
            plan: How.

        Raises:
            Ending: The run was stopped meanwhile; the attempt is left for a resumption.
            MachineError: The sandbox failed twice: our fault, not the candidate's.
        """
        place = (candidate.digest, job_view(number, attempt))
        known = self._parts.log.read(lambda history: history.measurement(*place))
        if known is None or known.execution is None or known.execution.outcome in (Outcome.STOPPED, Outcome.INFRA):
            self.wait_for_room()
            self.runner.run(number, attempt, candidate, plan)
            known = self._parts.log.read(lambda history: history.measurement(*place))
        if known is None or known.execution is None:
            raise LookupError(f"no execution of {place}")
        if known.execution.outcome is Outcome.STOPPED:
            self._budget.check()
            raise Ending("time")
        return known.execution

    def review(self, review: ev.Reviewed) -> None:
        """Journal a reviewer's verdict, unless it is there."""
        if review not in self.trial(review.trial).reviews:
            self._parts.log.add(review)

    def mend(self, number: int, before: Candidate, after: Candidate, repaired: ev.Repaired) -> Candidate:
        """Journal that `after` takes the place of `before` in the job; return it.

        Args:
            number: The job.
            before: What ran, or was looked at, so far.
            after: What stands in its place.
            repaired: Who mended it, where, and why; its candidate and digests are filled in here.
        """
        self._parts.log.add(
            replace(
                repaired,
                trial=number,
                candidate=self._parts.objects.put_candidate(after),
                previous=before.digest,
                code=after.digest,
            )
        )
        return after

    def finish(self, number: int, state: TrialState, *, reason: str = "", flags: tuple[str, ...] = ()) -> Trial:
        """Return the job in its final state, which is journaled once.

        Args:
            number: The job.
            state: `COMPLETE` only where its evidence was verified.
            reason: Why it is not complete, in a sentence.
            flags: Remarks that stay with it.
        """
        trial = self.trial(number)
        if trial.state.is_final:
            return trial
        walls = [m.execution.wall_s for m in self._measured(number) if m.execution is not None]
        self._parts.log.add(
            ev.TrialFinished(
                trial=number,
                state=state,
                candidate=trial.candidate,
                wall_s=round(walls[-1], 3) if walls else 0.0,
                reason=reason,
                flags=flags,
            )
        )
        return self.trial(number)

    def _measured(self, number: int) -> list[Measurement]:
        return self._parts.log.read(lambda history: history.measurements(number))
