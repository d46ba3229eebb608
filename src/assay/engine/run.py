"""Run: one engine process working on a run, from the first phase to the last event."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import psutil

from assay.core.budget import Limits
from assay.core.errors import AssayError
from assay.core.files import write_whole
from assay.core.finish_plan import FinishPlan
from assay.core.trial import TrialState
from assay.engine import control
from assay.engine.checkpoint import Checkpoint
from assay.engine.clock_watch import ClockWatch
from assay.engine.endings import INTERRUPT, Ending
from assay.engine.parts import Parts
from assay.engine.pulse import Pulse, pulse_json
from assay.engine.session import Session
from assay.journal import events as ev
from assay.journal.history import History
from assay.journal.summary import SummaryFile

BEAT_S = 2.0
SKIPPED = "W443"
PLANNED = "finish-up"
"""What a run was stopped by whose finish a person had planned."""

_logger = logging.getLogger(__name__)


class Strategy(Protocol):
    """Decides which operator is next."""

    def run(self, session: Session) -> None:
        """Work until the run ends.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
        """
        ...

    def forecast(self, limits: Limits, history: History | None = None) -> Mapping[str, tuple[int, int]] | None:
        """Return how many questions `run` will likely put from here on: the fewest and the most, by role.

        Called before a run starts, so that a person sees what it may cost. A wide range is better than a false one.
        The role `debug` stands for repairs, of which each candidate may need some.

        Args:
            limits: Bounds of the run. Those on money and tokens are left aside: whoever calls compares with them.
            history: What was done so far; None before the start.

        Returns:
            Roles that will not be asked may be left out. None where nothing bounds the questions, or nobody knows.
        """
        ...


@runtime_checkable
class WindsDown(Protocol):
    """A strategy that still works when a planned finish has begun: it makes its last rounds and ends by itself."""

    def search_ends(self, plan: FinishPlan) -> float:
        """Return when its work is ended if it has not ended by itself, seconds since the epoch.

        Args:
            plan: As the journal has it now.
        """
        ...


class Ender(Protocol):
    """What happens after the search; `Finish` is that of graded runs, `UngradedFinish` that of all others."""

    @property
    def shrunk_score(self) -> float | None:
        """The winner's search score after the correction for the best of many, once `work` is done."""
        ...

    def work(self, stopped_by: str) -> int | None:
        """Return the winner's number, or None if there is none."""
        ...

    def exit_code(self, history: History, stopped_by: str, winner: int | None) -> int:
        """Return the exit code of a run that ended by itself."""
        ...


class Run:
    """Works on a run in the calling thread.

    Args:
        parts: What the run is put together from.
        session: The waist that the strategy stands on.
        strategy: Decides which operator is next.
        finish: What happens after the search.
    """

    def __init__(self, parts: Parts, session: Session, strategy: Strategy, finish: Ender) -> None:
        self._parts = parts
        self._session = session
        self._strategy = strategy
        self._finish = finish
        self._interrupted = False
        self._searching = True
        self._clocks = ClockWatch(parts.clock)
        self._turn = threading.Lock()
        """Held while a message is obeyed and while the search hands over to the finish."""
        self._summary = SummaryFile(parts.folder)
        self._checkpoint = Checkpoint(parts.folder, parts.log)

    def work(self) -> ev.RunFinished:
        """Search, finish up, and return the run's last event.

        Raises:
            KeyboardInterrupt: Somebody asked to stop now; everything is saved and the run can be resumed.
            AssayError: Our fault or the machine's; everything is saved and the run can be resumed.
        """
        ended = threading.Event()
        beats = threading.Thread(target=self._beat, args=(ended,), name="heartbeat", daemon=True)
        beats.start()
        try:
            stopped_by = self._search()
            self._end_search()
            winner = self._finish.work(stopped_by)
            if self._interrupted:
                raise KeyboardInterrupt
            return self._close(stopped_by, winner)
        finally:
            ended.set()
            beats.join()
            self._session.close()
            self._write_pulse()
            self._summary.refresh()
            self._checkpoint.keep(at_end=True)

    def _search(self) -> str:
        self._phase("search")
        try:
            self._strategy.run(self._session)
        except Ending as ending:
            return ending.stopped_by
        return "trials" if self._session.budget.limits.trials is not None else "exhausted"

    def _end_search(self) -> None:
        """Hand over to the finish: from here on its processes are ended by nothing but a wish to stop now.

        Raises:
            KeyboardInterrupt: Somebody asked for that during the search.
        """
        with self._turn:
            self._searching = False
            if self._interrupted:
                raise KeyboardInterrupt
            # A wish to end the search may have come when there was no step left to end by it.
            self._parts.activities.go_on()
        self._phase("finish")

    def _close(self, stopped_by: str, winner: int | None) -> ev.RunFinished:
        self._session.close()
        history = self._session.view()
        for trial in history.trials.values():
            if not trial.state.is_final:
                self._parts.log.add(
                    ev.TrialFinished(
                        trial=trial.number,
                        state=TrialState.STOPPED,
                        candidate=trial.candidate,
                        reason=f"the run ended first ({stopped_by})",
                    )
                )
        end = ev.RunFinished(
            stopped_by=stopped_by,
            exit_code=self._finish.exit_code(history, stopped_by, winner),
            winner=winner,
            shrunk_score=self._finish.shrunk_score,
            wall_s=round(self._session.budget.elapsed_s, 1),
            cost_usd=self._session.budget.spent().cost_usd,
        )
        self._parts.log.add(end)
        return end

    def _phase(self, phase: str) -> None:
        if self._parts.log.read(lambda history: history.phase) != phase:
            self._parts.log.add(ev.PhaseEntered(phase=phase))

    # --- the heartbeat's thread ----------------------------------------------------------------------------------

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT_S):
            try:
                self._write_pulse()
                self._summary.refresh()
                self._checkpoint.keep()
                for message in control.take(self._parts.folder):
                    self._obey(message)
                self._keep_plan()
                if (seen := self._clocks.look()) is not None:
                    jump_s = round(self._clocks.jump_s, 3)
                    self._parts.log.add(ev.Remarked(code=seen[0], text=seen[1], jump_s=jump_s))
            except (OSError, AssayError):
                _logger.warning("a heartbeat could not be written", exc_info=True)

    def _obey(self, message: control.Message) -> None:
        if message.verb is control.Verb.TELL:
            self._parts.log.add(ev.Told(text=message.text, what=message.what))
            return
        if message.verb is control.Verb.FINISH:
            self._parts.log.add(ev.FinishPlanned(plan=message.plan))
            return
        if message.verb in (control.Verb.PAUSE, control.Verb.CONTINUE):
            self._pause(on=message.verb is control.Verb.PAUSE)
            return
        if message.verb is control.Verb.NOTE:
            if message.scored is not None:
                self._parts.log.add(message.scored)
            return
        if message.verb is control.Verb.SKIP:
            self._skip(message.trial)
            return
        now = message.verb is control.Verb.STOP_NOW
        self._stop(INTERRUPT if now else "user", now=now)

    def _pause(self, *, on: bool) -> None:
        """Pause the search or let it go on; the finish is never held back."""
        with self._turn:
            if self._searching and on != self._parts.log.read(lambda history: history.paused_since is not None):
                self._parts.log.add(ev.Paused(on=on))

    def _skip(self, trial: int | None) -> None:
        """End what runs for a trial; the finish is spared, for what it runs is wanted."""
        with self._turn:
            labels = self._parts.activities.skip(trial) if self._searching else ()
        if labels:
            self._parts.log.add(ev.Remarked(code=SKIPPED, text=f"skipped by a person: {', '.join(labels)}"))

    def _keep_plan(self) -> None:
        """End the search once the planned time has come, and with it the last rounds of a strategy that has some."""
        plan = self._parts.log.read(lambda history: history.finish_plan)
        if plan is None or not self._searching:
            return
        ends = self._strategy.search_ends(plan) if isinstance(self._strategy, WindsDown) else plan.at
        if self._parts.clock.now() >= ends:
            self._stop(PLANNED)

    def _stop(self, reason: str, *, now: bool = False) -> None:
        with self._turn:
            self._interrupted = self._interrupted or now
            self._session.budget.stop(reason)
            if now or self._searching:
                self._parts.activities.stop()

    def _write_pulse(self) -> None:
        budget, now = self._session.budget, self._parts.clock.now()
        left, search = budget.remaining_s, budget.search_s
        pulse = Pulse(
            pid=os.getpid(),
            process_started=psutil.Process().create_time(),
            time=now,
            phase=self._parts.log.read(lambda history: history.phase),
            activities=self._parts.activities.now(),
            deadline=None if search is None else now + search,
            ends=None if left is None else now + left,
            last_event=self._parts.log.read(lambda history: history.last.number if history.last else -1),
        )
        write_whole(self._parts.folder / "heartbeat.json", pulse_json(pulse))
