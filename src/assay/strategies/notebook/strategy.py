"""The strategy `notebook`: notebooks are generated, executed and analysed, each in view of those before it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.errors import NothingFound
from assay.core.trial import TrialState
from assay.engine.endings import STAGE, Ending, NoAnswer
from assay.engine.own_metrics import own_metrics
from assay.engine.session import Session
from assay.engine.side_grades import side_grades
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.models.roles import Idea, Iteration
from assay.operators.brief import summary
from assay.operators.notebook.frame import BASELINE_FILE
from assay.operators.notebook.write import choose_strategy, strategy_text, write_notebook
from assay.strategies.known import BASELINES
from assay.strategies.notebook.end import analysed, tell_loop
from assay.strategies.notebook.ideas import read_ideas
from assay.strategies.notebook.options import NotebookOptions
from assay.strategies.notebook.record import (
    IDEAS,
    SOURCE,
    STOPPED,
    IterationRecord,
    Source,
    Status,
    iteration_key,
    iterations_of,
    source_of,
)
from assay.strategies.notebook.source import found_for, kept
from assay.strategies.shared import baseline_step

RUN_IT = "assay run --only execute --source NOTEBOOK"


class NotebookSearch:
    """Writes notebooks, runs them, and says what they showed.

    Args:
        options: How far it goes.
    """

    def __init__(self, options: NotebookOptions | None = None) -> None:
        self._options = options or NotebookOptions()
        self._ideas: tuple[Idea, ...] = ()

    def run(self, session: Session) -> None:
        """Work until the loop is done or the run ends.

        Raises:
            Ending: A limit is reached, the goal is met, somebody asked to stop, or one stage was all that was asked.
            NothingFound: A stage has nothing to work on, or there is no file of ideas (E210, E201).
            TaskError: The file of ideas is none (E145).
        """
        options = self._options
        # Noted: a resumed run must put the same questions, whatever has become of the file.
        told = session.note(IDEAS, lambda: read_ideas(options.ideas) if options.ideas else [])
        self._ideas = tuple(Idea.model_validate(idea) for idea in told)
        if options.only == "analyze":
            session.steps(self._analyze, stop=1, lanes=1)
            raise Ending(STAGE)
        if options.only == "execute":
            session.steps(self._execute, stop=1, lanes=1)
            session.steps(self._report, start=1, stop=2, lanes=1)
            return
        if options.only == "generate":
            session.steps(self._iteration, stop=1, lanes=1)
            raise Ending(STAGE)
        if options.baselines:
            session.steps(baseline_step, stop=BASELINES)
        for number in range(1, options.max_iterations + 1):
            if self._stops(session):
                break
            start = self._first + number - 1
            session.steps(self._iteration, start=start, stop=start + 1, lanes=1)
        reason = "success_threshold" if self._stops(session) else "max_iterations"
        done = len(iterations_of(session.view()))
        session.note(STOPPED, lambda: {"reason": reason, "iterations": done})
        last = self._first + options.max_iterations
        session.steps(self._report, start=last, stop=last + 1, lanes=1)

    def forecast(self, limits: Limits, history: History | None = None) -> dict[str, tuple[int, int]] | None:
        """Return the questions by role: see `Strategy.forecast`; what was asked already is taken off."""
        options = self._options
        most = 1 if options.only == "generate" else options.max_iterations
        least = most if options.success_threshold is None else 1
        writes = options.only in ("", "generate")
        expected = {
            "notebook_strategy": (least, most) if writes else (0, 0),
            "notebook_write": (least, most) if writes else (0, 0),
            "notebook_report": (1, 3) if options.only != "generate" else (0, 0),
            "debug": (0, most) if options.only in ("", "execute") else (0, 0),
        }
        done = Counter(q.role for q in history.questions.values()) if history is not None else Counter[str]()
        left = {role: (max(0, low - done[role]), max(0, high - done[role])) for role, (low, high) in expected.items()}
        return {role: counts for role, counts in left.items() if expected[role][1]}

    @property
    def _first(self) -> int:
        """Step of the first iteration."""
        return BASELINES if self._options.baselines and not self._options.only else 0

    def _stops(self, session: Session) -> bool:
        return any(record.status is Status.SUCCESS for record in iterations_of(session.view()))

    # --- steps -----------------------------------------------------------------------------------------------------

    def _iteration(self, step: Step) -> str:
        number = step.number - self._first + 1
        begun = step.session.note(f"{step.key}/begun", lambda: round(step.session.budget.elapsed_s, 1))
        record = self._tried(step, number)
        return self._keep(step, record, begun)

    def _execute(self, step: Step) -> str:
        source = self._source(step.session)
        begun = step.session.note(f"{step.key}/begun", lambda: round(step.session.budget.elapsed_s, 1))
        record = IterationRecord(
            number=1,
            status=Status.GENERATED,
            title=source.title,
            strategy=source.strategy,
            candidate=source.candidate,
        )
        return self._keep(step, self._ran(step, record), begun)

    def _analyze(self, step: Step) -> str:
        def best() -> Path:
            found = found_for(step.session, self._options.source)
            if found.folder is None:
                raise NothingFound(
                    "E210", f"{found.origin} was not run by Assay: there is nothing to analyse", fix=RUN_IT
                )
            return found.folder

        return analysed(step, best)

    def _report(self, step: Step) -> str:
        return analysed(step)

    # --- one iteration -----------------------------------------------------------------------------------------------

    def _tried(self, step: Step, number: int) -> IterationRecord:
        plain = IterationRecord(number=number, status=Status.NO_NOTEBOOK, free_style=not self._ideas)
        earlier = told(step.session, number)
        try:
            strategy = choose_strategy(step, number, self._ideas, earlier)
        except NoAnswer as nothing:
            return replace(plain, problem=f"no strategy: {nothing}")
        text = strategy_text(strategy)
        plain = replace(plain, title=strategy.title, strategy=text, ideas=strategy.ideas)
        try:
            candidate = write_notebook(step, number, strategy, text, earlier)
        except NoAnswer as nothing:
            return replace(plain, problem=f"no whole notebook: {nothing}")
        plain = replace(plain, candidate=step.session.parts.objects.put_candidate(candidate), status=Status.GENERATED)
        return plain if self._options.only == "generate" else self._ran(step, plain)

    def _ran(self, step: Step, record: IterationRecord) -> IterationRecord:
        """Return the record of a notebook once it was run and graded, its baseline by the same grader."""
        candidate = step.session.parts.objects.candidate(record.candidate)
        trial = step.evaluate("trial", candidate)
        record = replace(record, trial=trial.number)
        record = replace(record, reported=own_metrics(step.session, trial))
        if trial.state is TrialState.REJECTED:
            return replace(record, status=Status.REJECTED, problem=trial.reason)
        if trial.state is not TrialState.COMPLETE:
            return replace(record, status=Status.CRASH, problem=trial.reason)
        baseline = side_grades(step.session, f"{step.key}/baseline", trial, BASELINE_FILE)
        if len(baseline) < len(trial.scores):
            problem = f"its baseline left no {BASELINE_FILE} that can be graded on every fold, so it beat nothing"
            step.session.parts.log.remark_once("W451", f"#{trial.number} has a score, and {problem}")
            return replace(record, status=Status.NO_BASELINE, problem=problem)
        status = Status.SUCCESS if self._reaches(step.history, trial) else Status.VALID
        return replace(record, status=status, baseline=baseline)

    def _reaches(self, history: History, trial: Trial) -> bool:
        threshold = self._options.success_threshold
        whole = trial.ranks and not trial.reason
        if threshold is None or not whole or trial.score is None:
            return False
        return history.metric.gain(trial.score, threshold) >= 0

    def _keep(self, step: Step, record: IterationRecord, begun: float) -> str:
        ended = round(step.session.budget.elapsed_s, 1)
        timed = replace(record, begun_s=begun, ended_s=ended)
        step.session.note(iteration_key(record.number), lambda: encode(timed))
        tell_loop(step.session)
        return f"iteration {record.number}: {record.status}{f' ({record.problem})' if record.problem else ''}"

    def _source(self, session: Session) -> Source:
        """Return the notebook that this run was handed, found once."""

        def find() -> object:
            found = found_for(session, self._options.source, scored=False)
            return encode(kept(session, found))

        session.note(SOURCE, find)
        source = source_of(session.view())
        if source is None:
            raise LookupError("the note on the source was just written")
        return source


def told(session: Session, number: int) -> tuple[Iteration, ...]:
    """Return what the iteration `number` is told of those before it: strategies, scores, errors."""
    history = session.view()
    found = []
    for record in iterations_of(history):
        if record.number >= number:
            continue
        trial = history.trials.get(record.trial) if record.trial is not None else None
        values = list(record.baseline.values())
        found.append(
            Iteration(
                number=record.number,
                title=record.title or "no notebook",
                strategy=record.strategy or "nothing",
                trial=summary(trial) if trial is not None else None,
                baseline=fmean(values) if values else None,
                problem=record.problem,
            )
        )
    return tuple(found)
