"""Cycle: one step of a lab. The worker decides, the mentor may object, one action is taken, and its end is watched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from assay.core.trial import TrialState
from assay.engine.endings import Ending, NoAnswer
from assay.engine.session import Session, Step
from assay.journal.history import Trial
from assay.models.roles import Decision, Housekeeping, LabView, MentorInputs, Review, WorkerInputs
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.advice import forbidden_in, gate_issues, mentor_reasons
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import running
from assay.strategies.lab.record import CYCLE, CycleRecord, as_json, cycles, housekeeping_of
from assay.strategies.lab.view import view_of

LOOK_S = 1.0
IDLE_S = 20.0
"""A cycle that waits with nothing running lasts this long."""
_TAIL = 12_000
"""Characters of a log in which a pattern to stop on is looked for."""
WAIT = Decision(action="wait", rationale="Nobody answered, so nothing is changed.", settings={})


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """What is to be done, and what led to it."""

    decision: Decision
    by: str
    refused: tuple[str, ...]
    record: dict[str, Any]


class Cycle:
    """One step of a lab.

    Args:
        step: The step.
        bench: Where experiments run.
    """

    def __init__(self, step: Step, bench: Bench) -> None:
        self._step = step
        self._session: Session = step.session
        self._bench = bench
        self._number = step.number + 1

    @property
    def _config(self) -> LabConfig:
        return self._bench.config

    def run(self) -> str:
        """Do the cycle; return it in a line.

        Raises:
            Ending: The lab's work is over.
        """
        self._credit()
        view = self._view()
        chosen = self._choose(view)
        decision = chosen.decision
        trial = self._act(chosen)
        outcome = self._watch(trial, decision)
        record = CycleRecord(
            number=self._number,
            action=decision.action,
            by=chosen.by,
            label=decision.label,
            category=decision.category if decision.action == "run" else "",
            rationale=decision.rationale,
            trial=trial.number if trial is not None else None,
            refused=chosen.refused,
            outcome=outcome,
            at=self._session.parts.clock.now(),
            **chosen.record,
        )
        self._session.note(f"{CYCLE}/{self._number}", lambda: as_json(record))
        if decision.action == "finish":
            raise Ending("finished")
        return record.line

    # --- what is known --------------------------------------------------------------------------------------------

    def _credit(self) -> None:
        """Settle an experiment that ended since the last cycle."""
        trial = self._running()
        run = self._bench.find(trial) if trial is not None else None
        if trial is not None and run is not None and run.look().is_over:
            self._bench.settle(trial)

    def _running(self) -> Trial | None:
        return self._session.parts.log.read(running)

    def _view(self) -> LabView:
        """Return what both roles are told; kept when first made, for it holds the time and the end of a log."""
        parts = self._session.parts

        def keep() -> str:
            trial = self._running()
            run = self._bench.find(trial) if trial is not None else None
            made = view_of(
                self._session.view(),
                self._config,
                number=self._number,
                left_s=self._session.budget.search_s,
                machine=parts.machine,
                running=(trial, run) if trial is not None and run is not None else None,
                log_of=lambda digest: parts.objects.get(digest).decode(errors="replace"),
                now=parts.clock.now(),
            )
            return parts.objects.put(made.model_dump_json().encode())

        digest = self._session.note(f"{self._step.key}/view", keep)
        return LabView.model_validate(json.loads(parts.objects.get(digest)))

    # --- what to do -----------------------------------------------------------------------------------------------

    def _choose(self, view: LabView) -> _Chosen:
        before = cycles(self._session.view(), last=1)
        failed: list[str] = []
        decision = self._worker(view, before, failed)
        reasons = mentor_reasons(self._session.view(), view, self._config.mentor, number=self._number)
        review = self._mentor(view, decision, reasons, failed) if reasons else None
        by = "worker"
        challenged = review is not None and review.recommendation == "challenge" and self._may_replace
        if challenged and review is not None and review.suggestion is not None:
            decision, by = review.suggestion, "mentor"
        kept = decision if by == "worker" else decision.model_copy(update={"housekeeping": Housekeeping()})
        record = housekeeping_of({"reasons": reasons, "failed_calls": tuple(failed)}, kept, review)
        refused = self._refusals(decision, view)
        if refused:
            decision = WAIT.model_copy(update={"rationale": decision.rationale, "label": decision.label})
        return _Chosen(decision=decision, by=by, refused=refused, record=record)

    @property
    def _may_replace(self) -> bool:
        return self._config.mentor.applies and self._config.mentor.mode == "mentor"

    def _worker(self, view: LabView, before: list[CycleRecord], failed: list[str]) -> Decision:
        last = before[-1] if before else None
        inputs = WorkerInputs(
            view=view,
            challenge=last.critique if last is not None and last.recommendation == "challenge" else "",
            refused=last.refused if last is not None else (),
        )
        try:
            answer = self._step.ask("worker", "lab_worker", inputs)
        except NoAnswer as error:
            failed.append(f"the worker: {error}")
            return WAIT
        return answer if isinstance(answer, Decision) else WAIT

    def _mentor(self, view: LabView, decision: Decision, reasons: tuple[str, ...], failed: list[str]) -> Review | None:
        inputs = MentorInputs(view=view, proposed=decision, reasons=reasons, may_replace=self._may_replace)
        try:
            answer = self._step.ask("mentor", "lab_mentor", inputs)
        except NoAnswer as error:
            failed.append(f"the mentor: {error}")
            return None
        return answer if isinstance(answer, Review) else None

    def _refusals(self, decision: Decision, view: LabView) -> tuple[str, ...]:
        """Return why a decision is not carried out; nothing for one that is."""
        if decision is WAIT:
            return ()
        issues = [*gate_issues(decision)]
        if decision.action == "run":
            if view.running is not None:
                issues.append("an experiment is running: one at a time")
            issues += forbidden_in(decision, self._config.forbidden, self._bench.checkout)
            try:
                self._bench.candidate(decision)
            except ValueError as error:
                issues.append(str(error))
        if decision.action == "stop" and view.running is None:
            issues.append("nothing is running that could be stopped")
        return tuple(issues)

    # --- doing it -------------------------------------------------------------------------------------------------

    def _act(self, chosen: _Chosen) -> Trial | None:
        """Return the experiment that is to be watched, started if that was decided."""
        decision = chosen.decision
        if decision.action == "run":
            self._within_limits()
            candidate = self._bench.candidate(decision)
            return self._bench.start(f"{self._step.key}/experiment", self._step.number, candidate, decision)
        return self._running()

    def _within_limits(self) -> None:
        most = self._session.budget.limits.trials
        started = sum(trial.operator == "experiment" for trial in self._session.view().trials.values())
        known = self._session.view().trial_by_key(f"{self._step.key}/experiment") is not None
        if most is not None and started >= most and not known:
            raise Ending("trials")

    def _watch(self, trial: Trial | None, decision: Decision) -> str:
        """Watch until the experiment ends or the window does; return in a few words how the cycle ended."""
        if trial is None:
            if decision.action == "wait":
                self._pass(min(float(decision.monitor_s), IDLE_S))
            return "nothing is running"
        run = self._bench.find(trial)
        if run is None or trial.state.is_final:
            return _told(trial)
        if decision.action == "stop":
            return _told(self._end(trial, run, "stopped by the worker"))
        if decision.action == "finish":
            return _told(self._end(trial, run, "stopped at the end of the work"))
        why = self._attend(trial, run, decision)
        if why:
            return _told(self._end(trial, run, why))
        if run.look().is_over:
            return _told(self._bench.settle(trial))
        return "still running"

    def _attend(self, trial: Trial, run: LongRun, decision: Decision) -> str:
        """Wait for the end or for the window's; return why it must be stopped, or nothing."""
        clock = self._session.parts.clock
        until = clock.monotonic() + decision.monitor_s
        patterns = [text.lower() for text in trial.recipe.get("stop_patterns", ())]
        label = f"#{trial.number} {trial.title}".strip()
        with self._session.parts.activities.doing("run", label, trial=trial.number, limit_s=self._config.time):
            while run.wait(LOOK_S) is None:
                self._check()
                found = _pattern(patterns, run.tail(_TAIL)) if patterns else ""
                if found:
                    return f"stopped: it printed {found!r}"
                if clock.monotonic() >= until:
                    return ""
        return ""

    def _end(self, trial: Trial, run: LongRun, why: str) -> Trial:
        run.stop()
        run.wait()
        return self._bench.settle(trial, stopped=why)

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


def close_down(session: Session, bench: Bench, why: str) -> None:
    """End the experiment that is still running, and credit it as stopped: nothing of a lab runs on without it."""
    trial = session.parts.log.read(running)
    run = bench.find(trial) if trial is not None else None
    if trial is None or run is None:
        return
    over = run.look().is_over
    if not over:
        run.stop()
        run.wait()
    bench.settle(trial, stopped="" if over else why)


def _pattern(patterns: list[str], text: str) -> str:
    lower = text.lower()
    return next((pattern for pattern in patterns if pattern in lower), "")


def _told(trial: Trial) -> str:
    if trial.state is TrialState.COMPLETE:
        return "complete"
    return f"{trial.state}: {trial.reason}" if trial.reason else str(trial.state)
