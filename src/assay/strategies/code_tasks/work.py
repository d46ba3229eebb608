"""Work: one task from its reply to its final status: approval, execution, verification, approval of the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assay.core.candidate import Candidate
from assay.core.execution import Execution, Outcome
from assay.core.trial import TrialState
from assay.engine.endings import NoAnswer
from assay.engine.session import Session
from assay.journal import events as ev
from assay.kinds.blocks import RECORD, BlockRun, blocks_candidate, read_record, sources_of
from assay.kinds.extraction import Extraction, extract
from assay.models.roles import TaskBrief, TaskCode, TaskReview, TaskReviewInputs, TaskWriteInputs
from assay.models.roles.tasks import Reviewer
from assay.operators.expect import expect
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.briefing import REVIEWERS, objections, review_inputs, task_brief, what_failed
from assay.strategies.code_tasks.evidence import EvidenceDesk, found_lines, problems
from assay.strategies.code_tasks.memory import Memory
from assay.strategies.code_tasks.options import TaskOptions
from assay.strategies.code_tasks.packages import Packages
from assay.strategies.code_tasks.patching import Patcher
from assay.strategies.code_tasks.queue import CodeTask, Queue, TaskKind
from assay.strategies.code_tasks.record import TaskEnd
from assay.strategies.code_tasks.responses import Responses
from assay.strategies.code_tasks.status import Approval, Executed, Status, Verified, terminal, worse
from assay.strategies.code_tasks.verdicts import approval, missing, read_verdict

_STATES = {
    Status.COMPLETED: TrialState.COMPLETE,
    Status.REJECTED: TrialState.REJECTED,
    Status.HELD: TrialState.REJECTED,
}


MOST_PRINTED_BYTES = 64 * 2**20
"""Printed output that ends a task: nobody reads more, and a task that prints a gigabyte has gone wrong."""
MOST_PROCESSES = 256
"""Processes and threads of one task together."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all tasks of a run share."""

    session: Session
    queue: Queue
    responses: Responses
    options: TaskOptions
    desk: EvidenceDesk
    memory: Memory
    packages: Packages


@dataclass
class _Course:
    """How far a task got; the last attempt counts."""

    approval: Approval = Approval.REJECTED
    executed: Executed = Executed.NOT_RUN
    verified: Verified = Verified.NOT_DONE
    reason: str = ""


class TaskWork:
    """Works on one task. A resumed run walks it again and finds in the journal what was done.

    Args:
        bench: What all tasks share.
        task: What is to be done.
        step: Number of the step that does it.
        done: How the tasks before it ended, by id.
    """

    def __init__(self, bench: Bench, task: CodeTask, step: int, done: Mapping[str, TaskEnd]) -> None:
        self._bench = bench
        self._session = bench.session
        self._jobs = bench.session.jobs
        self._task = task
        self._step = step
        self._done = done
        self._key = f"tasks/{task.id}"
        self._patcher = Patcher(bench.session, self._key, bench.options.retries)
        self._timeout_s = task.timeout_s or bench.options.timeout_s
        self._given = self._files_of_dependencies()

    def run(self) -> TaskEnd:
        """Return how the task ended."""
        course = _Course()
        waits = [id for id in self._task.dependencies if not self._is_done(id)]
        if waits:
            number = self._jobs.create(self._key, self._candidate(()), step=self._step).number
            course.reason = f"it depends on {', '.join(waits)}, which is not completed"
            return self._end(number, course, Status.BLOCKED)
        brief = self._brief()
        extraction, why = self._reply(brief)
        sources = self._sources(extraction)
        number = self._jobs.create(self._key, self._candidate(sources), step=self._step).number
        if not sources:
            course.approval, course.executed = Approval.APPROVED, Executed.NO_CODE
            course.reason = why or "the reply holds no Python code"
            self._remember("execution", "no code", course.reason)
            return self._end(number, course)
        while self._round(number, brief, course):
            pass
        return self._end(number, course)

    # --- one attempt ---------------------------------------------------------------------------------------------

    def _round(self, number: int, brief: TaskBrief, course: _Course) -> bool:
        """Take the current attempt as far as it gets; return whether changed code is to be tried."""
        candidate, attempt = self._jobs.current(number)
        course.executed, course.verified, course.reason = Executed.NOT_RUN, Verified.NOT_DONE, ""
        before = self._reviews(number, attempt, [review_inputs(brief, who, candidate) for who in REVIEWERS])
        course.approval = approval(before, REVIEWERS if self._asks(attempt) else {r.reviewer for r in before})
        if course.approval is not Approval.APPROVED:
            course.reason = f"not approved: {objections(before)}"
            self._remember_reviews(before)
            return self._patched(number, brief, "approval", objections(before))
        execution = self._execute(number, attempt, candidate)
        runs = self._runs(candidate, execution)
        if execution.outcome is not Outcome.OK or any(run.state != "ok" for run in runs):
            course.executed = Executed.FAILED
            course.reason = self._failure(candidate, execution, runs)
            return self._patched(number, brief, "execution", what_failed(execution, runs))
        course.executed = Executed.SUCCEEDED
        evidence = self._evidence(number, attempt)
        wrong = problems(evidence)
        course.verified = Verified.FAILED if wrong else Verified.PASSED
        if wrong:
            course.reason = "; ".join(finding.sentence for finding in wrong)
            for finding in wrong:
                self._remember("verification", finding.name, finding.sentence)
            if self._patched(number, brief, "verification", "\n".join(f"- {one.sentence}" for one in wrong)):
                return True
        inputs = [review_inputs(brief, who, candidate, runs=runs, evidence=evidence) for who in REVIEWERS]
        after = self._reviews(number, attempt, inputs)
        verdict = approval(after, REVIEWERS)
        course.approval = worse(course.approval, verdict)
        if verdict is not Approval.APPROVED and not wrong:
            course.reason = f"its results were not approved: {objections(after)}"
        return False

    def _patched(self, number: int, brief: TaskBrief, point: str, problem: str) -> bool:
        return self._patcher.patch(number, brief, point, problem) is not None

    # --- the reply -----------------------------------------------------------------------------------------------

    def _reply(self, brief: TaskBrief) -> tuple[Extraction, str]:
        """Return what the writer's reply holds, and why it holds nothing where it does not."""
        text = self._bench.responses.written.get(self._task.id)
        if text is None and self._bench.responses.given:
            return Extraction(), "no agent answered this task"
        if text is None:
            try:
                asked = TaskWriteInputs(brief=brief)
                code = expect(self._session.ask(f"{self._key}/write", "task_write", asked), TaskCode)
            except NoAnswer as nobody:
                return Extraction(), f"nobody wrote code: {nobody}"
            text = f"{code.plan}\n\n````python\n{code.code.rstrip()}\n````\n"
        self._session.note(f"{self._key}/reply", lambda: self._session.parts.objects.put(text.encode()))
        found = extract(text)
        self._bench.packages.provide(self._key, self._task.id, found.packages)
        return found, ""

    def _sources(self, found: Extraction) -> tuple[str, ...]:
        """Return the blocks to run: the code, or for a document that is its own text the code that writes it."""
        if found.blocks:
            return tuple(block.code for block in found.blocks)
        path = self._document()
        if path is None or len(found.documents) != 1:
            return ()
        text = found.documents[0]
        return (
            "from pathlib import Path\n\n"
            f"place = Path({path!r})\nplace.parent.mkdir(parents=True, exist_ok=True)\n"
            f"place.write_text({text!r}, encoding='utf-8')\n",
        )

    def _document(self) -> str | None:
        """Return the one file that a document task declares."""
        files = self._task.expected.files
        if self._task.kind is not TaskKind.DOCUMENT or len(files) != 1:
            return None
        return files[0].replace("*", f"{self._task.id}.md") if not any(sign in files[0] for sign in "?[") else None

    def _candidate(self, sources: Sequence[str]) -> Candidate:
        return blocks_candidate(sources, title=self._task.id, operator="write", plan=self._task.action)

    # --- reviews -------------------------------------------------------------------------------------------------

    def _asks(self, attempt: int) -> bool:
        """Whether reviewers are asked before an attempt, because no file holds what they said of this very code."""
        return attempt > 1 or not self._bench.responses.reviews.get(self._task.id)

    def _reviews(self, number: int, attempt: int, asked: Sequence[TaskReviewInputs]) -> tuple[ev.Reviewed, ...]:
        point = "after" if asked[0].results else "before"
        if point == "before" and not self._asks(attempt):
            texts = self._bench.responses.reviews[self._task.id]
            found = [
                read_verdict(text, trial=number, attempt=attempt, reviewer=who) for who, text in sorted(texts.items())
            ]
            if len(found) < len(REVIEWERS):
                found.append(missing(number, attempt, "second reviewer", "fewer than two reviewers answered"))
        else:
            pairs = zip(REVIEWERS, asked, strict=True)
            found = [self._ask_reviewer(number, attempt, point, who, inputs) for who, inputs in pairs]
        for review in found:
            self._jobs.review(review)
        return tuple(found)

    def _ask_reviewer(
        self, number: int, attempt: int, point: str, who: Reviewer, inputs: TaskReviewInputs
    ) -> ev.Reviewed:
        try:
            key = f"{self._key}/review-{attempt}-{point}-{who}"
            reply = expect(self._session.ask(key, "task_review", inputs), TaskReview)
        except NoAnswer as nobody:
            return missing(number, attempt, who, f"no valid verdict came: {nobody}", point=point)
        return ev.Reviewed(
            trial=number,
            attempt=attempt,
            point=point,
            reviewer=who,
            verdict=reply.verdict,
            critical=reply.critical,
            warnings=reply.warnings,
            confidence=reply.confidence,
            reason=reply.reason[:2_000],
        )

    # --- execution and evidence ----------------------------------------------------------------------------------

    def _execute(self, number: int, attempt: int, candidate: Candidate) -> Execution:
        limits = replace(
            self._jobs.runner.limits, wall_s=self._timeout_s, output_bytes=MOST_PRINTED_BYTES, processes=MOST_PROCESSES
        )
        plan = self._bench.desk.plan(self._task, number, attempt, candidate, self._given, limits)
        return self._jobs.run(number, attempt, candidate, replace(plan, python=self._bench.packages.python))

    def _runs(self, candidate: Candidate, execution: Execution) -> tuple[BlockRun, ...]:
        digest = execution.outputs.get(RECORD)
        kept = self._session.parts.objects.get(digest) if digest else b""
        return read_record(kept, len(sources_of(candidate)), execution)

    def _evidence(self, number: int, attempt: int) -> ev.EvidenceVerified | None:
        found = self._jobs.trial(number).evidence
        return found if found is not None and found.attempt == attempt else None

    def _failure(self, candidate: Candidate, execution: Execution, runs: Sequence[BlockRun]) -> str:
        """Return why the code failed, in a sentence, and remember it."""
        stuck = next((run for run in runs if run.state != "ok"), None)
        failure = self._session.parts.kinds[candidate.kind].diagnose(execution, ())
        told = stuck.error if stuck is not None and stuck.error else failure.summary if failure else "it did not end"
        place = f"block {stuck.number}" if stuck is not None else "the end"
        plain = execution.outcome in (Outcome.OK, Outcome.ERROR)
        self._remember("execution", told.partition(":")[0] if plain else str(execution.outcome), told)
        return f"{'failed' if plain else execution.outcome} in {place}: {told}"

    # --- memory and end ------------------------------------------------------------------------------------------

    def _remember(self, point: str, name: str, sentence: str) -> None:
        self._bench.memory.add(self._key, point, name, sentence)

    def _remember_reviews(self, reviews: Sequence[ev.Reviewed]) -> None:
        for review in reviews:
            for flag in review.critical:
                self._remember("approval", "critical flag", flag)

    def _brief(self) -> TaskBrief:
        results = []
        for id in self._task.dependencies:
            evidence = self._evidence_of(id)
            results += [f"{id}: {line}" for line in found_lines(evidence)] if evidence else []
        return task_brief(
            self._session,
            self._bench.queue,
            self._task,
            given=self._given,
            results=results,
            rules=self._session.note(f"{self._key}/rules", lambda: list(self._bench.memory.rules())),
            timeout_s=self._timeout_s,
        )

    def _files_of_dependencies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for id in self._task.dependencies:
            evidence = self._evidence_of(id)
            if evidence is not None and self._is_done(id):
                found.update({f"{id}/{name}": digest for name, digest in evidence.files.items()})
        return found

    def _evidence_of(self, id: str) -> ev.EvidenceVerified | None:
        return self._session.parts.log.read(lambda history: record.evidence_of(history, self._done.get(id)))

    def _is_done(self, id: str) -> bool:
        return id in self._done and self._done[id].status is Status.COMPLETED

    def _end(self, number: int, course: _Course, status: Status | None = None) -> TaskEnd:
        status = status or terminal(course.approval, course.executed, course.verified)
        trial = self._jobs.trial(number)
        reason = " ".join(course.reason.split())[:1_000]
        if status is not Status.COMPLETED and not reason:
            reason = "it did not come to its end"
        self._jobs.finish(
            number, _STATES.get(status, TrialState.FAILED), reason="" if status is Status.COMPLETED else reason
        )
        points = ("approval", "execution", "verification")
        tried = {point: self._patcher.tried(number, point) for point in points}
        return TaskEnd(
            task=self._task.id,
            status=status,
            approval=course.approval,
            executed=course.executed,
            verified=course.verified,
            reason="" if status is Status.COMPLETED else reason,
            trial=number,
            attempts=trial.attempts,
            retries={point: count for point, count in tried.items() if count},
            run=trial.evidence.run if trial.evidence is not None and course.verified is Verified.PASSED else "",
            ended=self._session.parts.clock.now(),
        )
