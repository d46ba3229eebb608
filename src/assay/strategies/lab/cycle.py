"""Cycle: one step of a lab. The worker decides, the mentor may object, one action is taken, and its end is watched."""

from __future__ import annotations

from assay.engine.endings import Ending
from assay.engine.run import PLANNED
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal.history import Trial
from assay.operators.lab.context import Role
from assay.operators.lab.finish_up import Phase, phase_at
from assay.operators.lab.memory import story_line
from assay.operators.lab.mentor import housekeeping_of
from assay.operators.lab.record import Cycle as Counted
from assay.operators.lab.record import gains
from assay.strategies.lab.attending import Attending
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.deciding import Decided, Deciding
from assay.strategies.lab.experiments import OPERATOR, results_of, rows_of, running, runs_of
from assay.strategies.lab.memory import Noted, after, keep, noted_cycles, remembered
from assay.strategies.lab.mended import mends
from assay.strategies.lab.unasked import REPAIR


class Cycle:
    """One step of a lab.

    Args:
        step: The step.
        bench: Where experiments run.
        searching: Roles that may search the web.
    """

    def __init__(self, step: Step, bench: Bench, searching: frozenset[Role]) -> None:
        self._step = step
        self._session: Session = step.session
        self._bench = bench
        self._searching = searching
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
        decided = Deciding(self._step, self._bench, self._memory, self._before, self._searching).decide()
        trial = self._act(decided)
        outcome, ended = Attending(self._session, self._bench).attend(trial, decided.decision, self._before)
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

    def _credit(self) -> Trial | None:
        """Settle an experiment that ended since the last cycle; return it."""
        trial = self._session.parts.log.read(running)
        run = self._bench.find(trial) if trial is not None else None
        if trial is not None and run is not None and run.look().is_over:
            return self._bench.settle(trial)
        return None

    # --- doing it -------------------------------------------------------------------------------------------------

    def _act(self, decided: Decided) -> Trial | None:
        """Return the experiment that is to be watched, started if that was decided."""
        decision, source = decided.decision, decided.chosen.source
        if decision.action != "run":
            return self._session.parts.log.read(running)
        self._within_limits()
        candidate = self._bench.candidate(decision, own=source == REPAIR)
        mended = mends(self._session.view(), self._step.number) if source == REPAIR else None
        return self._bench.start(f"{self._step.key}/experiment", self._step.number, candidate, decision, mends=mended)

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
        if phase_at(history.finish_plan, self._session.parts.clock.now(), runs) is Phase.REPORTING:
            raise Ending(PLANNED)

    # --- what is kept ---------------------------------------------------------------------------------------------

    def _close(self, decided: Decided, outcome: str, ended: Trial | None) -> str:
        """Journal the cycle and what is remembered of it; return its line."""
        review, refused = decided.review, decided.refused
        wanted = decided.worker.decision if refused is not None else decided.decision
        cycle = self._counted(decided)
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

    def _counted(self, decided: Decided) -> Counted:
        decision, review, refused = decided.decision, decided.review, decided.refused
        return Counted(
            number=self._number,
            action=decision.action,
            category=decision.category,
            label=decision.label,
            command=decision.command,
            training=decision.action == "run",
            searched=decided.searched,
            reviewed=review is not None,
            challenged=review is not None and review.recommendation == "challenge",
            source=decided.chosen.source,
            refused=tuple(finding.code for finding in refused.findings) if refused is not None else (),
        )

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
