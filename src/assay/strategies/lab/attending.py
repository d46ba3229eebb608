"""Attending: a cycle stays with the experiment under way until it ends, must be ended, or the window is over."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.trial import TrialState
from assay.engine.endings import Ending
from assay.engine.long_jobs import Attended
from assay.engine.session import Session
from assay.journal.history import Trial
from assay.models.roles import Decision
from assay.operators.lab.watching import LOOKED_AT, stop_pattern, window_s
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.deciding import NO_WORKER, NOBODY
from assay.strategies.lab.memory import Noted

LOOK_S = 1.0
IDLE_S = 20.0
"""A cycle that waits with nothing running lasts at most this long, ..."""
MOST_IDLE_S = 600.0
"""... and up to this long where nobody answered: twice as long for each cycle before it without an answer."""
_ENDS = {"stop": "stopped by the worker", "finish": "stopped at the end of the work"}


class Attending:
    """Stays with experiments.

    Args:
        session: The running session.
        bench: Where experiments run.
    """

    def __init__(self, session: Session, bench: Bench) -> None:
        self._session = session
        self._bench = bench

    def attend(self, trial: Trial | None, decision: Decision, before: Sequence[Noted]) -> tuple[str, Trial | None]:
        """Return how the cycle ended, and the experiment that ended in it.

        Args:
            trial: The experiment under way; None for none.
            decision: What the cycle carries out.
            before: The cycles before it, in order.

        Raises:
            Ending: The lab's work is over.
        """
        if trial is None:
            if decision.action == "wait":
                self._pass(idle_s(before) if decision is NOBODY else min(float(decision.monitor_s), IDLE_S))
            return "nothing is running", None
        run = self._bench.find(trial)
        if run is None or trial.state.is_final:
            return _told(trial), trial
        why = _ENDS.get(decision.action) or self._watch(trial, run, decision)
        if why:
            ended = self._bench.end(trial, why)
            return _told(ended), ended
        if run.look().is_over:
            ended = self._bench.settle(trial)
            return _told(ended), ended
        return "still running", None

    def _watch(self, trial: Trial, run: LongRun, decision: Decision) -> str:
        """Wait for its end or for the window's; return why it must be stopped, or nothing."""
        clock, activities = self._session.parts.clock, self._session.parts.activities
        most = int(self._bench.config.most_watch)
        until = clock.monotonic() + window_s(decision.monitor_s, most=most)
        patterns = [text.lower() for text in trial.recipe.get("stop_patterns", ())]
        label = f"#{trial.number} {trial.title}".strip()
        attended = Attended(run, clock)
        with activities.doing("run", label, trial=trial.number, limit_s=self._bench.config.time) as ticket:
            activities.watch(ticket, attended)
            while run.wait(LOOK_S) is None:
                self._check()
                found = stop_pattern(run.tail(LOOKED_AT), patterns) if patterns else ""
                if found:
                    return f"stopped: it printed {found!r}"
                if clock.monotonic() >= until:
                    return ""
        return "skipped by a person" if attended.skipped else ""

    def _pass(self, seconds: float) -> None:
        clock = self._session.parts.clock
        until = clock.monotonic() + seconds
        while clock.monotonic() < until:
            self._check()
            clock.sleep(min(LOOK_S, max(0.0, until - clock.monotonic())))

    def _check(self) -> None:
        """Let the run end where it must."""
        self._session.budget.check()
        if self._session.parts.activities.stopped:
            raise Ending("user")


def idle_s(before: Sequence[Noted]) -> float:
    """Return for how long a cycle waits in which the worker gave no answer.

    Args:
        before: The cycles before it, in order.
    """
    wait_s = IDLE_S
    for noted in reversed(before):
        if wait_s >= MOST_IDLE_S or not any(words.startswith(NO_WORKER) for words in noted.failed_calls):
            break
        wait_s *= 2.0
    return min(MOST_IDLE_S, wait_s)


def _told(trial: Trial) -> str:
    if trial.state is TrialState.COMPLETE:
        return "complete"
    return f"{trial.state}: {trial.reason}" if trial.reason else str(trial.state)
