"""What the hand-off files hold, derived from the journal alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.core.clock import iso_utc
from assay.core.codec import decode
from assay.journal.history import History, Trial
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.decision import Decision
from assay.strategies.code_tasks.queue import CodeTask, Priority, Queue, in_order
from assay.strategies.code_tasks.status import Status, Verified

ENOUGH = 0.7
"""Share of the urgent tasks that must be completed for the cycle to be a success."""
_OLD = {Status.COMPLETED: "completed", Status.PENDING: "in_progress"}
"""The status by the words of the file format, which knows three; `final_status` beside it is exact."""


def queue_of(history: History) -> Queue:
    """Return the queue of a run that has one."""
    queue = record.read_queue_of(history)
    if queue is None:
        raise LookupError("the run has no queue")
    return queue


def trial_of(history: History, end: record.TaskEnd | None) -> Trial | None:
    """Return the job of a task that has ended."""
    return None if end is None or end.trial is None else history.trials[end.trial]


def status_of(end: record.TaskEnd | None) -> Status:
    """Return a task's status; pending where it has not ended."""
    return Status.PENDING if end is None else end.status


def ordered(queue: Queue) -> Sequence[CodeTask]:
    """Return the tasks in the order in which they are worked on."""
    return in_order(queue.tasks)


def decision_of(history: History) -> Decision | None:
    """Return the decision, None before it was made."""
    noted = history.notes.get(record.DECISION)
    return None if noted is None else decode(Decision, noted)


def cycle_value(history: History) -> dict[str, Any]:
    """Return whether the cycle is a success: enough urgent tasks completed, and no claim that did not hold."""
    queue, ends = queue_of(history), record.ends_of(history)
    statuses = {task.id: status_of(ends.get(task.id)) for task in queue.tasks}
    urgent = [task.id for task in queue.tasks if task.priority is Priority.HIGH]
    done = sum(statuses[id] is Status.COMPLETED for id in urgent)
    flagged = [id for id, status in statuses.items() if status is Status.DOWNGRADED]
    share = done / len(urgent) if urgent else None
    return {
        "success": not flagged and (share is None or share >= ENOUGH) and Status.COMPLETED in statuses.values(),
        "urgent_completed": done,
        "urgent": len(urgent),
        "claims_that_did_not_hold": flagged,
        "counts": {str(status): list(statuses.values()).count(status) for status in Status},
    }


def task_value(history: History, task: CodeTask) -> dict[str, Any]:
    """Return one task as the results file tells it."""
    end = record.ends_of(history).get(task.id)
    trial, taken = trial_of(history, end), record.taken_of(history, task.id)
    stored = taken.stored if taken else history.notes.get(record.stored_key(task.id))
    evidence = record.evidence_of(history, end)
    passed = evidence is not None and evidence.passed and end is not None and end.verified is Verified.PASSED
    status = status_of(end)
    return {
        "task_id": task.id,
        "action": task.action,
        "priority": str(task.priority),
        "type": str(task.kind),
        "status": _OLD.get(status, "failed"),
        "final_status": str(status),
        "approval": str(end.approval) if end and (end.taken or was_reviewed(trial)) else None,
        "execution": str(end.executed) if end else None,
        "verification": str(end.verified) if end else None,
        "reason": record.why_not(history, task.id),
        "start_time": iso_utc(trial.created) if trial else None,
        "end_time": iso_utc(end.ended) if end else None,
        "attempts": end.attempts if end else 0,
        "retries": dict(end.retries) if end else {},
        "tracking_run": end.run if end else "",
        "experiment_store": stored,
        "outputs": [
            {"type": "file", "file_path": name, "sha256": digest}
            for name, digest in sorted((evidence.files if evidence and passed else {}).items())
        ],
        "reported_metrics": {name: list(values) for name, values in evidence.numbers.items()}
        if evidence and passed
        else {},
        "errors": [finding.sentence for finding in evidence.findings if not finding.passed] if evidence else [],
        "reviews": [_review(review) for review in trial.reviews] if trial else [],
        "patches": [
            {
                "attempt": patch.attempt,
                "patch": patch.patch,
                "point": patch.point,
                "before": patch.previous,
                "after": patch.code,
                "by": patch.by,
                "confidence": patch.confidence,
                "cause": patch.cause,
            }
            for patch in (trial.repairs if trial else ())
        ],
        "candidate": trial.candidate if trial else taken.candidate if taken else None,
        "taken_from": {"run": taken.run, "journal": taken.journal, "event": taken.event, "event_digest": taken.digest}
        if taken
        else None,
        "reply": history.notes.get(f"tasks/{task.id}/reply"),
    }


def was_reviewed(trial: Trial | None) -> bool:
    """Return whether anybody judged a task: one without code, or one that is blocked, nobody did."""
    return trial is not None and bool(trial.reviews)


def _review(review: Any) -> dict[str, Any]:
    return {
        "attempt": review.attempt,
        "point": review.point,
        "reviewer": review.reviewer,
        "verdict": review.verdict,
        "flags": {"critical": list(review.critical), "warnings": list(review.warnings)},
        "confidence": review.confidence,
        "reason": review.reason,
    }


def results_value(history: History) -> dict[str, Any]:
    """Return the results file."""
    queue, decision = queue_of(history), decision_of(history)
    return {
        "schema": 1,
        "meeting_id": queue.meeting,
        "run": history.started.run if history.started else "",
        "timestamp": history.notes[record.STAMP],
        "journal_event": history.last.number if history.last else -1,
        "cycle": cycle_value(history),
        "task_results": [task_value(history, task) for task in ordered(queue)],
        "decision": decision_value(decision),
        "decided_before": list(history.notes.get(record.BEFORE, ())),
    }


def decision_value(decision: Decision | None) -> dict[str, Any] | None:
    """Return a decision as JSON values."""
    if decision is None:
        return None
    return {
        "answer": str(decision.answer),
        "reason": decision.reason,
        "criteria": [
            {
                "name": result.criterion,
                "state": str(result.state),
                "reason": result.reason,
                "n": list(result.n),
                "gain": result.gain,
                "ci95": None if result.low is None else [result.low, result.high],
                "cohens_d": result.effect,
                "p": result.p_value,
                "p_holm": result.adjusted_p,
            }
            for result in decision.results
        ],
    }


def trigger_value(history: History, by: str) -> dict[str, Any]:
    """Return the trigger of the next cycle."""
    queue, ends = queue_of(history), record.ends_of(history)
    noted = str(history.notes[record.STAMP])
    decision = decision_of(history)
    open_tasks = [task for task in queue.tasks if status_of(ends.get(task.id)) is not Status.COMPLETED]
    return {
        "meeting_id": queue.meeting,
        "timestamp": noted,
        "executive_summary": headline(history),
        "required_inputs": [
            f"execution_progress_update_{noted}.md",
            f"execution_summary_{noted}.md",
            f"execution_results_{noted}.json",
        ],
        "agenda": [
            *(
                f"{task.id} is {status_of(ends.get(task.id))}: {record.why_not(history, task.id)[:300]}"
                for task in open_tasks
            ),
            *([f"decision: {decision.answer}; {decision.reason}"] if decision and queue.criteria else []),
        ],
        "manual_checkpoint": {"approved": True, "by": by},
    }


def headline(history: History) -> str:
    """Return the cycle in a sentence."""
    counts = cycle_value(history)["counts"]
    said = [f"{count} {status}" for status, count in counts.items() if count]
    taken = [end.taken for end in record.ends_of(history).values() if end.taken]
    if taken:
        said.append(
            f"{len(taken)} of them as {' and '.join(sorted(set(taken)))} left {'it' if len(taken) == 1 else 'them'}"
        )
    decision, queue = decision_of(history), queue_of(history)
    answer = f" Decision: {decision.answer}." if decision is not None and queue.criteria else ""
    number = len(queue.tasks)
    return f"{number} {'task' if number == 1 else 'tasks'}: {', '.join(said)}.{answer}"
