"""Cycle: one step of a lab. The worker decides, the mentor may object, one action is taken, and its end is watched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.core.trial import TrialState
from assay.engine.endings import Ending, NoAnswer
from assay.engine.run import PLANNED
from assay.engine.session import Session, Step
from assay.journal.history import Trial
from assay.models.roles import Decision, LabView, MentorInputs, Review, WorkerInputs
from assay.operators.lab.context import Role
from assay.operators.lab.finish_up import Phase, standing
from assay.operators.lab.gate import Gated, gate
from assay.operators.lab.memory import story_line
from assay.operators.lab.mentor import Chosen, choose, housekeeping_of, review_due
from assay.operators.lab.record import Cycle as Counted
from assay.operators.lab.record import gains
from assay.operators.lab.watching import LOOKED_AT, stop_pattern, window_s
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import OPERATOR, results_of, rows_of, running, runs_of
from assay.strategies.lab.memory import Noted, after, keep, noted_cycles, remembered
from assay.strategies.lab.unasked import FORCED, MENDED, REPAIR, forced, repaired
from assay.strategies.lab.view import Circumstances, view_of

LOOK_S = 1.0
IDLE_S = 20.0
"""A cycle that waits with nothing running lasts at most this long, ..."""
MOST_IDLE_S = 600.0
"""... and up to this long where nobody answered: twice as long for each cycle before it without an answer."""
_NO_WORKER = "the worker: "
NOBODY = Decision(action="wait", rationale="Nobody answered, so nothing is changed.", label="nobody", settings={})


@dataclass(frozen=True, kw_only=True)
class _Decided:
    """What is carried out, and everything that led to it."""

    chosen: Chosen
    worker: Gated
    review: Review | None
    reasons: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def decision(self) -> Decision:
        return self.chosen.decision

    @property
    def refused(self) -> Gated | None:
        """The worker's decision, if the gate refused it and nothing took its place."""
        return self.worker if self.worker.blocked and self.chosen.source == "worker" else None


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
        self._memory = remembered(self._session, self._number)
        self._before = noted_cycles(self._session.view().notes, upto=self._number)

    @property
    def _config(self) -> LabConfig:
        return self._bench.config

    def run(self) -> str:
        """Do the cycle; return it in a line.

        Raises:
            Ending: The lab's work is over.
        """
        settled = self._credit()
        self._within_plan()
        decided = self._decide()
        trial = self._act(decided)
        outcome, ended = self._watch(trial, decided.decision)
        line = self._close(decided, outcome, ended or settled)
        if decided.decision.action == "finish":
            self._finish()
        return line

    def _finish(self) -> None:
        """End the work, unless a person gave the run new limits since the worker ended it."""
        log = self._session.parts.log

        def extensions() -> int:
            return log.read(lambda history: history.extensions)

        if self._session.note(f"{self._step.key}/finished", extensions) == extensions():
            raise Ending("finished")

    # --- what is known --------------------------------------------------------------------------------------------

    def _credit(self) -> Trial | None:
        """Settle an experiment that ended since the last cycle; return it."""
        trial = self._running()
        run = self._bench.find(trial) if trial is not None else None
        if trial is not None and run is not None and run.look().is_over:
            return self._bench.settle(trial)
        return None

    def _running(self) -> Trial | None:
        return self._session.parts.log.read(running)

    def _view(self, role: Role) -> LabView:
        """Return what a role is told; kept when first made, for it holds the time and the end of a log."""
        parts = self._session.parts

        def make() -> str:
            trial = self._running()
            run = self._bench.find(trial) if trial is not None else None
            around = Circumstances(
                number=self._number,
                left_s=self._session.budget.search_s,
                machine=parts.machine,
                running=(trial, run) if trial is not None and run is not None else None,
                now=parts.clock.now(),
                log_of=lambda digest: parts.objects.get(digest).decode(errors="replace"),
            )
            cycles = [noted.cycle for noted in self._before]
            view = view_of(role, self._session.view(), self._config, self._memory, cycles, around)
            return parts.objects.put(view.model_dump_json().encode())

        digest = self._session.note(f"{self._step.key}/{role}-view", make)
        return LabView.model_validate(json.loads(parts.objects.get(digest)))

    # --- what to do -----------------------------------------------------------------------------------------------

    def _decide(self) -> _Decided:
        rules, failed = self._config.mentor_rules, list[str]()
        view = self._view("worker")
        mended = self._mended(view)
        worker = Gated(decision=mended) if mended is not None else self._gated(self._worker(view, failed), view)
        counted = [noted.cycle for noted in self._before]
        reasons = review_due(rules, self._number, view.signals, counted)
        review = self._mentor(worker.decision, reasons, failed) if reasons else None
        suggestion = review.suggestion if review is not None else None
        suggested = self._gated(suggestion, view) if suggestion is not None else None
        chosen = choose(worker, review, suggested, rules, searched=False)
        if chosen.source == "worker":
            chosen = self._unasked(chosen, view, mended)
        return _Decided(chosen=chosen, worker=worker, review=review, reasons=reasons, failed=tuple(failed))

    def _mended(self, view: LabView) -> Decision | None:
        """Return the retry that takes the place of asking the worker; nothing once the worker was asked."""
        asked = f"{self._step.key}/worker" in self._session.view().questions
        return None if asked or view.running is not None else repaired(self._session, self._bench, self._step.number)

    def _unasked(self, chosen: Chosen, view: LabView, mended: Decision | None) -> Chosen:
        """Return the worker's decision, or what the lab does by itself in its place."""
        if mended is not None:
            return replace(chosen, source=REPAIR)
        if chosen.decision.action != "wait" or view.running is not None:
            return chosen
        cycles, rows = [noted.cycle for noted in self._before], rows_of(self._session.view())
        made = forced(self._bench, rows, cycles, self._step.number)
        return replace(chosen, decision=made, source=FORCED) if made is not None else chosen

    def _worker(self, view: LabView, failed: list[str]) -> Decision:
        last = self._before[-1] if self._before else None
        open_challenge = last is not None and last.recommendation == "challenge" and last.cycle.source != "mentor"
        inputs = WorkerInputs(
            view=view,
            challenge=last.critique if last is not None and open_challenge else "",
            refused=last.refused if last is not None else (),
        )
        try:
            answer = self._step.ask("worker", "lab_worker", inputs)
        except NoAnswer as error:
            failed.append(f"{_NO_WORKER}{error}")
            return NOBODY
        return answer if isinstance(answer, Decision) else NOBODY

    def _mentor(self, decision: Decision, reasons: tuple[str, ...], failed: list[str]) -> Review | None:
        rules = self._config.mentor_rules
        may = rules.apply and not rules.only_health
        inputs = MentorInputs(view=self._view("mentor"), proposed=decision, reasons=reasons, may_replace=may)
        try:
            answer = self._step.ask("mentor", "lab_mentor", inputs)
        except NoAnswer as error:
            failed.append(f"the mentor: {error}")
            return None
        return answer if isinstance(answer, Review) else None

    def _gated(self, decision: Decision, view: LabView) -> Gated:
        if decision is NOBODY:
            return Gated(decision=decision)
        return gate(
            decision,
            running=view.running is not None,
            approaches=self._config.approaches,
            read=self._bench.read,
            further=self._bench.problems,
        )

    # --- doing it -------------------------------------------------------------------------------------------------

    def _act(self, decided: _Decided) -> Trial | None:
        """Return the experiment that is to be watched, started if that was decided."""
        decision, source = decided.decision, decided.chosen.source
        if decision.action != "run":
            return self._running()
        self._within_limits()
        candidate = self._bench.candidate(decision, own=source == REPAIR)
        key, number, mends = f"{self._step.key}/experiment", self._step.number, None
        if source == REPAIR:
            noted = self._session.view().notes
            mends = next(n["trial"] for k, n in noted.items() if k.startswith(f"{MENDED}/") and n["step"] == number)
        return self._bench.start(key, number, candidate, decision, mends=mends)

    def _within_limits(self) -> None:
        most, history = self._session.budget.limits.trials, self._session.view()
        started = sum(trial.operator == OPERATOR for trial in history.trials.values())
        known = history.trial_by_key(f"{self._step.key}/experiment") is not None
        if most is not None and started >= most and not known:
            raise Ending("trials")

    def _within_plan(self) -> None:
        """End the work where a person planned its end and the final rounds are done, or their time is."""
        history = self._session.view()
        runs = runs_of(rows_of(history), self._config.command)
        if standing(history.finish_plan, self._session.parts.clock.now(), runs).phase is Phase.REPORTING:
            raise Ending(PLANNED)

    def _watch(self, trial: Trial | None, decision: Decision) -> tuple[str, Trial | None]:
        """Watch until the experiment ends or the window does; return how the cycle ended, and what ended in it."""
        if trial is None:
            if decision.action == "wait":
                nobody = decision is NOBODY
                self._pass(idle_s(self._before) if nobody else min(float(decision.monitor_s), IDLE_S))
            return "nothing is running", None
        run = self._bench.find(trial)
        if run is None or trial.state.is_final:
            return _told(trial), trial
        ends = {"stop": "stopped by the worker", "finish": "stopped at the end of the work"}
        why = ends.get(decision.action) or self._attend(trial, run, decision)
        if why:
            ended = self._bench.end(trial, why)
            return _told(ended), ended
        if run.look().is_over:
            ended = self._bench.settle(trial)
            return _told(ended), ended
        return "still running", None

    def _attend(self, trial: Trial, run: LongRun, decision: Decision) -> str:
        """Wait for its end or for the window's; return why it must be stopped, or nothing."""
        clock, activities = self._session.parts.clock, self._session.parts.activities
        until = clock.monotonic() + window_s(decision.monitor_s, most=int(self._config.most_watch))
        patterns = [text.lower() for text in trial.recipe.get("stop_patterns", ())]
        label = f"#{trial.number} {trial.title}".strip()
        with activities.doing("run", label, trial=trial.number, limit_s=self._config.time):
            while run.wait(LOOK_S) is None:
                self._check()
                found = stop_pattern(run.tail(LOOKED_AT), patterns) if patterns else ""
                if found:
                    return f"stopped: it printed {found!r}"
                if clock.monotonic() >= until:
                    return ""
        return ""

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

    # --- what is kept ---------------------------------------------------------------------------------------------

    def _close(self, decided: _Decided, outcome: str, ended: Trial | None) -> str:
        """Journal the cycle and what is remembered of it; return its line."""
        decision, review, refused = decided.decision, decided.review, decided.refused
        wanted = decided.worker.decision if refused is not None else decision
        cycle = Counted(
            number=self._number,
            action=decision.action,
            category=decision.category,
            label=decision.label,
            command=decision.command,
            training=decision.action == "run",
            reviewed=review is not None,
            challenged=review is not None and review.recommendation == "challenge",
            source=decided.chosen.source,
            refused=tuple(finding.code for finding in refused.findings) if refused is not None else (),
        )
        line = self._line(cycle, ended)
        noted = Noted(
            cycle=cycle,
            line=line,
            rationale=wanted.rationale,
            refused=tuple(finding.sentence for finding in refused.findings) if refused is not None else (),
            outcome=outcome,
            reasons=decided.reasons,
            trajectory=review.trajectory if review is not None else "",
            recommendation=review.recommendation if review is not None else "",
            critique=review.critique if review is not None else "",
            questions=review.questions if review is not None else (),
            ignored=decided.chosen.ignored,
            failed_calls=decided.failed,
        )
        kept = housekeeping_of(decided.chosen, decided.worker.decision)
        memory = after(self._memory, cycle, kept=kept, review=review, rules=self._config.mentor_rules, line=line)
        keep(self._session, self._number, memory, noted)
        return line

    def _line(self, cycle: Counted, ended: Trial | None) -> str:
        rows = rows_of(self._session.view())
        results = results_of(rows, self._config.command)
        row = next((row for row in rows if ended is not None and ended.number in {r.number for r in row.runs}), None)
        result = next((one for one in results if row is not None and one.number == row.first.number), None)
        gain = gains(results, self._config.as_metric).get(result.number) if result is not None else None
        run = self._session.parts.folder.name
        return story_line(run, cycle, result, self._config.as_metric, gain)


def close_down(session: Session, bench: Bench, why: str) -> None:
    """End the experiment that is still running, and credit it as stopped: nothing of a lab runs on without it."""
    trial = session.parts.log.read(running)
    run = bench.find(trial) if trial is not None else None
    if trial is None or run is None:
        return
    if run.look().is_over:
        bench.settle(trial)
    else:
        bench.end(trial, why)


def idle_s(before: Sequence[Noted]) -> float:
    """Return for how long a cycle waits in which the worker gave no answer.

    Args:
        before: The cycles before it, in order.
    """
    wait_s = IDLE_S
    for noted in reversed(before):
        if wait_s >= MOST_IDLE_S or not any(words.startswith(_NO_WORKER) for words in noted.failed_calls):
            break
        wait_s *= 2.0
    return min(MOST_IDLE_S, wait_s)


def _told(trial: Trial) -> str:
    if trial.state is TrialState.COMPLETE:
        return "complete"
    return f"{trial.state}: {trial.reason}" if trial.reason else str(trial.state)
