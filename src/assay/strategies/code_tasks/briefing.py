"""Briefing: what those who write, review and mend are told of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.core.candidate import Candidate
from assay.core.execution import Execution
from assay.engine.session import Session
from assay.journal import events as ev
from assay.kinds.blocks import BlockRun, sources_of
from assay.models.roles import BlockResult, TaskBrief, TaskPatchInputs, TaskReviewInputs
from assay.models.roles.tasks import Reviewer
from assay.strategies.code_tasks.evidence import GIVEN, found_lines, problems, sentences
from assay.strategies.code_tasks.queue import CodeTask, Queue

REVIEWERS: tuple[Reviewer, ...] = ("quality", "operations")


def task_brief(
    session: Session,
    queue: Queue,
    task: CodeTask,
    *,
    given: Mapping[str, str],
    results: Sequence[str],
    rules: Sequence[str],
    timeout_s: float,
) -> TaskBrief:
    """Return what everybody who works on a task is told.

    Args:
        session: Knows the machine and what a person said.
        queue: The cycle.
        task: The task.
        given: Path below `input` to digest of the files that it may read.
        results: Verified results of the tasks that it depends on.
        rules: What earlier failures taught.
        timeout_s: Most seconds of one attempt.
    """
    return TaskBrief(
        id=task.id,
        action=task.action,
        kind=str(task.kind),
        rationale=task.rationale,
        acceptance=task.acceptance,
        evidence=sentences(task.kind, task.expected),
        files=task.expected.files,
        context=queue.context,
        results=tuple(results),
        given=tuple(f"{GIVEN}/{name}" for name in sorted(given)),
        machine=session.parts.machine,
        timeout_s=timeout_s,
        rules=tuple(rules),
        remarks=tuple(text for _, text in session.parts.log.read(lambda history: list(history.told))),
    )


def review_inputs(
    brief: TaskBrief,
    reviewer: Reviewer,
    candidate: Candidate,
    *,
    runs: Sequence[BlockRun] = (),
    evidence: ev.EvidenceVerified | None = None,
) -> TaskReviewInputs:
    """Return what a reviewer sees: the whole code, and what came back where it ran.

    Args:
        brief: The task.
        reviewer: Who judges.
        candidate: The code.
        runs: How its blocks ran; empty before.
        evidence: What was verified; None before.
    """
    return TaskReviewInputs(
        brief=brief,
        reviewer=reviewer,
        point="after" if runs else "before",
        blocks=sources_of(candidate),
        results=tuple(
            BlockResult(
                number=run.number,
                state=run.state,
                error=run.traceback or run.error,
                stdout=run.stdout,
                stderr=run.stderr,
            )
            for run in runs
        ),
        findings=tuple(finding.sentence for finding in problems(evidence)) if runs else (),
        found=found_lines(evidence) if evidence is not None else (),
    )


def patch_inputs(brief: TaskBrief, candidate: Candidate, point: str, problem: str, round: int) -> TaskPatchInputs:
    """Return what whoever mends is told."""
    return TaskPatchInputs.model_validate(
        {
            "brief": brief,
            "blocks": sources_of(candidate),
            "point": point,
            "problem": problem,
            "round": round,
        }
    )


def objections(reviews: Sequence[ev.Reviewed]) -> str:
    """Return what reviewers objected to, for whoever mends."""
    lines = []
    for review in reviews:
        lines.append(f"{review.reviewer}: {review.verdict}. {review.reason}".strip())
        lines += [f"- critical: {flag}" for flag in review.critical]
        lines += [f"- warning: {flag}" for flag in review.warnings]
    return "\n".join(lines)


def what_failed(execution: Execution, runs: Sequence[BlockRun]) -> str:
    """Return how the code failed, for whoever mends."""
    told = [f"The process ended as {execution.outcome}. {execution.detail}".strip()]
    for run in runs:
        if run.state != "ok":
            told.append(f"Block {run.number} {run.state}: {run.traceback or run.error}")
            told += [f"It had printed:\n{run.stdout[-2_000:]}"] if run.stdout.strip() else []
            break
    return "\n\n".join(told)
