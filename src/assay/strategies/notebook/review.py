"""The strategy `notebook_review`: one notebook is criticised, edited and run; what is not better goes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.trial import TrialState
from assay.engine.comparison import compare
from assay.engine.own_metrics import own_metrics
from assay.engine.session import Session
from assay.engine.side_grades import SUBMISSION, companions, side_grades
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.kinds.notebook import diff_text, notebook_of
from assay.models.roles import ReviewRound
from assay.operators.notebook.frame import BASELINE_FILE
from assay.operators.notebook.review import ASKED, Question, Reviewed, cell_texts, review
from assay.strategies.notebook.diagnosis import words
from assay.strategies.notebook.end import analysed, tell_loop
from assay.strategies.notebook.options import ReviewOptions
from assay.strategies.notebook.record import (
    BASE,
    SOURCE,
    STOPPED,
    BaseRecord,
    RoundRecord,
    RoundVerdict,
    base_of,
    round_key,
    rounds_of,
    source_of,
)
from assay.strategies.notebook.source import found_for, kept, with_locks
from assay.strategies.notebook.task_graph import TaskGraph

MOST_DIFF = 40_000
"""Characters of a round's difference that are noted; the candidates themselves are kept whole."""


class NotebookReview:
    """Improves one notebook without touching its locked cells.

    Args:
        options: How far it goes.
    """

    def __init__(self, options: ReviewOptions | None = None) -> None:
        self._options = options or ReviewOptions()

    def run(self, session: Session) -> None:
        """Work until the rounds are done, the threshold is passed, or the run ends.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
            NothingFound: There is no notebook to review (E201, E210).
        """
        session.note(SOURCE, lambda: self._found(session))
        session.steps(self._base, stop=1, lanes=1)
        base = base_of(session.view())
        if base is None:
            return
        most = self._options.max_iterations
        for number in range(1, most + 1):
            if self._passes(session, base):
                break
            session.steps(self._round, start=number, stop=number + 1, lanes=1)
        reason = "pass_threshold" if self._passes(session, base) else "max_iterations"
        done = len(rounds_of(session.view()))
        session.note(STOPPED, lambda: {"reason": reason, "iterations": done})
        session.steps(lambda step: analysed(step), start=most + 1, stop=most + 2, lanes=1)

    def forecast(self, limits: Limits, history: History | None = None) -> dict[str, tuple[int, int]] | None:
        """Return the questions by role: see `Strategy.forecast`; what was asked already is taken off."""
        most = self._options.max_iterations
        least = most if self._options.pass_threshold is None else 0
        expected = {"notebook_critique": (least, ASKED * most), "notebook_report": (1, 3), "debug": (0, most)}
        done = Counter(q.role for q in history.questions.values()) if history is not None else Counter[str]()
        return {role: (max(0, low - done[role]), max(0, high - done[role])) for role, (low, high) in expected.items()}

    def _passes(self, session: Session, base: BaseRecord) -> bool:
        """Return whether the notebook as it stands has passed the threshold and beats the locked baseline."""
        threshold, history = self._options.pass_threshold, session.view()
        current = _current(history, base)
        if threshold is None or current.score is None or current.number == base.trial:
            return False
        return history.metric.gain(current.score, threshold) >= 0 and history.metric.gain(current.score, base.score) > 0

    # --- the base ----------------------------------------------------------------------------------------------------

    def _found(self, session: Session) -> object:
        options = self._options
        found = found_for(session, options.source)
        locked = with_locks(found.candidate, options.protected_sections, options.locked, options.open)
        return encode(kept(session, replace(found, candidate=locked)))

    def _base(self, step: Step) -> str:
        session = step.session
        source = source_of(session.view())
        if source is None:
            raise LookupError("the note on the source was just written")
        trial = step.evaluate("trial", session.parts.objects.candidate(source.candidate), baseline=True, reseed=True)
        if trial.state is not TrialState.COMPLETE or trial.score is None:
            session.note(STOPPED, lambda: {"reason": f"{source.origin} has no score: {trial.reason}", "iterations": 0})
            return f"base: #{trial.number} {trial.state}, nothing to review"
        record = _locked(step, trial)
        session.note(BASE, lambda: encode(record))
        tell_loop(session)
        return f"base: #{trial.number}, locked at {record.score:.5g}"

    # --- one round ---------------------------------------------------------------------------------------------------

    def _round(self, step: Step) -> str:
        session, history = step.session, step.history
        base = base_of(session.view())
        if base is None:
            raise LookupError("a round of a review without its base")
        rounds = tuple(one for one in rounds_of(session.view()) if one.number < step.number)
        graph = TaskGraph.from_json(rounds[-1].graph if rounds else base.graph)
        place = _Place(step, base, rounds, graph, _current(history, base, before=step.number))
        record = self._worked(place)
        session.note(round_key(step.number), lambda: encode(record))
        tell_loop(session)
        return f"round {record.number}: {record.verdict}"

    def _worked(self, place: _Place) -> RoundRecord:
        step, current = place.step, place.current
        objects = step.session.parts.objects
        standing = objects.candidate(current.candidate)
        told = _diagnosis(place)
        reviewed = review(step, standing, place.question(told))
        record = _opened(place, reviewed, told)
        critique = reviewed.critique
        graph = place.graph
        if critique is not None:
            graph = graph.told(critique.subtask_updates, critique.new_subtasks, critique.dependencies)
        if critique is None or reviewed.candidate is None:
            return replace(record, graph=graph.as_json(), problem="; ".join(reviewed.refused[-1:]))
        # A REFINE stays one while it is mended: nobody may repair another part either.
        within = place.graph.cells_of(critique.focus) if critique.decision == "REFINE" else None
        trial = step.evaluate("trial", reviewed.candidate, within=within)
        record = _judged(place, record, trial)
        ran = objects.candidate(trial.candidate)
        gain = record.problem
        if record.delta is not None and record.gained is not None:
            gain = f"{record.gained:+.5g} over the notebook before it, {record.delta:+.5g} over the baseline"
        graph = graph.after(
            critique.focus,
            improved=record.verdict is RoundVerdict.IMPROVED,
            evidence=f"round {record.number}: {record.verdict}, {gain}",
        )
        diff = diff_text(notebook_of(standing), notebook_of(ran))[:MOST_DIFF]
        return replace(record, graph=graph.as_json(), diff=diff, metrics=_metrics(step, trial, trial.scores))


@dataclass(frozen=True)
class _Place:
    """Where a round stands."""

    step: Step
    base: BaseRecord
    rounds: tuple[RoundRecord, ...]
    graph: TaskGraph
    current: Trial

    def question(self, diagnosis: str) -> Question:
        """Return what the reviewer is told."""
        told = [_told(one, last=one is self.rounds[-1]) for one in self.rounds]
        stuck = 0
        while stuck < len(self.rounds) and self.rounds[-1 - stuck].verdict is not RoundVerdict.IMPROVED:
            stuck += 1
        return Question(
            round=self.step.number,
            parent=self.current,
            baseline=self.base.score,
            diagnosis=diagnosis,
            subtasks=self.graph.shown(),
            allowed={node.id: node.cells for node in self.graph.nodes.values()},
            rounds=tuple(told),
            stuck=stuck,
            printed=self._printed(),
        )

    def _printed(self) -> str:
        """Return what the notebook as it stands printed on the last fold that it ran on to its end."""
        history = self.step.history
        runs = (m.execution for m in reversed(history.measurements(self.current.number)) if m.score is not None)
        return next((run.log_tail for run in runs if run is not None), "")


def _locked(step: Step, trial: Trial) -> BaseRecord:
    """Return what the review is measured against: the baseline inside the notebook, else the notebook as it came.

    A baseline that could not be graded on every fold is none.
    """
    inner = side_grades(step.session, f"{step.key}/inner", trial, BASELINE_FILE)
    whole = len(inner) == len(trial.scores)
    scores = inner if whole else dict(trial.scores)
    cells = cell_texts(step.session.parts.objects.candidate(trial.candidate))
    return BaseRecord(
        trial=trial.number,
        scores=scores,
        score=fmean(scores.values()),
        inner=whole,
        graph=TaskGraph.of(cells).as_json(),
        metrics=_metrics(step, trial, scores, BASELINE_FILE if whole else SUBMISSION),
        own=_metrics(step, trial, trial.scores, name="own") if whole else {},
    )


def _current(history: History, base: BaseRecord, *, before: int | None = None) -> Trial:
    """Return the trial that the next round starts from: the last that improved, else the base."""
    rounds = [one for one in rounds_of(history) if before is None or one.number < before]
    return history.trials[rounds[-1].next if rounds else base.trial]


def _opened(place: _Place, reviewed: Reviewed, diagnosis: str) -> RoundRecord:
    critique, current = reviewed.critique, place.current
    return RoundRecord(
        number=place.step.number,
        verdict=RoundVerdict.REFUSED,
        base=current.number,
        next=current.number,
        decision=critique.decision if critique else "",
        focus=critique.focus if critique else "",
        title=critique.title if critique else "",
        reflection=critique.reflection if critique else "",
        critique=critique.critique if critique else "",
        strategy=critique.strategy if critique else "",
        refused=reviewed.refused,
        base_score=current.score,
        diagnosis=diagnosis,
    )


def _judged(place: _Place, record: RoundRecord, trial: Trial) -> RoundRecord:
    """Return the record with what became of the trial: better than the notebook before it, or taken back."""
    record = replace(record, trial=trial.number, score=trial.score, reported=own_metrics(place.step.session, trial))
    if trial.state is TrialState.REJECTED:
        return replace(record, verdict=RoundVerdict.REJECTED, problem=trial.reason)
    if trial.state is not TrialState.COMPLETE or not trial.scores:
        return replace(record, verdict=RoundVerdict.CRASH, problem=trial.reason)
    metric = place.step.history.metric
    delta = compare(trial.scores, place.base.scores, metric).mean
    gained = compare(trial.scores, place.current.scores, metric)
    whole = trial.ranks and len(trial.scores) == len(place.base.scores)
    if whole and gained.mean > 0:
        return replace(record, verdict=RoundVerdict.IMPROVED, next=trial.number, delta=delta, gained=gained.mean)
    why = trial.reason or "not better than the notebook that it started from"
    return replace(record, verdict=RoundVerdict.FAILED, delta=delta, gained=gained.mean, problem=why)


def _diagnosis(place: _Place) -> str:
    """Return what the measured scores say of the last notebook that has any, against the locked baseline."""
    scored = [one for one in place.rounds if one.metrics]
    if not scored:
        if not place.base.inner:
            return "The notebook is the locked baseline itself: nothing has changed yet."
        told = words(place.base.metrics, place.base.own)
        return (
            f"Nothing has changed yet. The notebook as it came against the baseline inside it, which is locked: {told}"
        )
    last = scored[-1]
    return f"Round {last.number} against the locked baseline: {words(place.base.metrics, last.metrics)}"


def _metrics(
    step: Step, trial: Trial, scores: Mapping[str, float], file: str = SUBMISSION, *, name: str = "by"
) -> dict[str, float]:
    """Return the mean graded scores of a file by the task's metric, and by those that a diagnosis needs beside it."""
    if not scores:
        return {}
    task = step.session.parts.task
    found = {task.metric.name: fmean(scores.values())}
    for metric in companions(task):
        if metric.name not in found:
            other = side_grades(step.session, f"{step.key}/{name}-{metric.name}", trial, file, metric=metric)
            if other:
                found[metric.name] = fmean(other.values())
    return found


def _told(record: RoundRecord, *, last: bool) -> ReviewRound:
    return ReviewRound(
        number=record.number,
        decision=record.decision or "none",
        focus=record.focus or "none",
        strategy=record.strategy or "nothing",
        verdict=str(record.verdict),
        score=record.score,
        delta=record.delta,
        gained=record.gained,
        problem=record.problem,
        diff=record.diff if last else "",
    )
