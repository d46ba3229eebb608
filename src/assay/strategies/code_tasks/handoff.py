"""Hand-off: the files that the planning team reads, all with one timestamp, written after verification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assay.core.clock import iso_utc
from assay.core.codec import decode
from assay.core.files import write_whole
from assay.engine.parts import Parts
from assay.journal.history import History, Trial
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.decision import Answer, Decision
from assay.strategies.code_tasks.queue import CodeTask, Priority, Queue, in_order
from assay.strategies.code_tasks.status import Status

FOLDER = "handoff"
TRIGGER = "next_meeting_trigger.json"
ENOUGH = 0.7
"""Share of the urgent tasks that must be completed for the cycle to be a success."""
_OLD = {Status.COMPLETED: "completed", Status.PENDING: "in_progress"}
"""The status by the words of the file format, which knows three; `final_status` beside it is exact."""


def stamp(now: float) -> str:
    """Return the timestamp that every file of a cycle has in its name."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%d_%H%M%S")


def newest_results(folder: Path) -> Path | None:
    """Return the newest results file in a hand-off folder, by the timestamp in its name; None if there is none."""
    return max(folder.glob("execution_results_*.json"), default=None, key=lambda path: path.name)


class Handoff:
    """Writes the files from the journal alone, so none can say another status than the final one.

    Args:
        parts: The run's folder and its log.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = parts.folder / FOLDER
        self._folder.mkdir(exist_ok=True)

    def progress(self) -> None:
        """Write the progress file again, with every task that has its final status by now."""
        self._parts.log.read(lambda history: self._write("execution_progress_update", "md", progress_text(history)))

    def results(self) -> None:
        """Write progress, summary and results."""
        self.progress()

        def write(history: History) -> None:
            self._write("execution_summary", "md", summary_text(history))
            text = json.dumps(results_value(history), indent=1, ensure_ascii=False)
            self._write("execution_results", "json", text + "\n")

        self._parts.log.read(write)

    def trigger(self, *, by: str) -> None:
        """Write the trigger of the next cycle, which exists only once the results may be used.

        Args:
            by: Who approved them.
        """

        def write(history: History) -> None:
            text = json.dumps(trigger_value(history, by), indent=1, ensure_ascii=False)
            write_whole(self._folder / TRIGGER, text + "\n")

        self._parts.log.read(write)

    def _write(self, name: str, suffix: str, text: str) -> None:
        noted = self._parts.log.read(lambda history: str(history.notes[record.STAMP]))
        write_whole(self._folder / f"{name}_{noted}.{suffix}", text)


def _queue(history: History) -> Queue:
    queue = record.read_queue_of(history)
    if queue is None:
        raise LookupError("the run has no queue")
    return queue


def _trial(history: History, end: record.TaskEnd | None) -> Trial | None:
    return None if end is None or end.trial is None else history.trials[end.trial]


def _status(end: record.TaskEnd | None) -> Status:
    return Status.PENDING if end is None else end.status


def _ordered(queue: Queue) -> Sequence[CodeTask]:
    return in_order(queue.tasks)


def decision_of(history: History) -> Decision | None:
    """Return the decision, None before it was made."""
    noted = history.notes.get(record.DECISION)
    return None if noted is None else decode(Decision, noted)


def cycle_value(history: History) -> dict[str, Any]:
    """Return whether the cycle is a success: enough urgent tasks completed, and no claim that did not hold."""
    queue, ends = _queue(history), record.ends_of(history)
    statuses = {task.id: _status(ends.get(task.id)) for task in queue.tasks}
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
    trial, stored = _trial(history, end), history.notes.get(f"tasks/{task.id}/stored")
    evidence = trial.evidence if trial else None
    passed = evidence is not None and evidence.passed
    status = _status(end)
    return {
        "task_id": task.id,
        "action": task.action,
        "priority": str(task.priority),
        "type": str(task.kind),
        "status": _OLD.get(status, "failed"),
        "final_status": str(status),
        "approval": str(end.approval) if end else None,
        "execution": str(end.executed) if end else None,
        "verification": str(end.verified) if end else None,
        "reason": end.reason if end else "",
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
        "candidate": trial.candidate if trial else None,
        "reply": history.notes.get(f"tasks/{task.id}/reply"),
    }


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
    queue, decision = _queue(history), decision_of(history)
    return {
        "schema": 1,
        "meeting_id": queue.meeting,
        "run": history.started.run if history.started else "",
        "timestamp": history.notes[record.STAMP],
        "journal_event": history.last.number if history.last else -1,
        "cycle": cycle_value(history),
        "task_results": [task_value(history, task) for task in _ordered(queue)],
        "decision": decision_value(decision),
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
    queue, ends = _queue(history), record.ends_of(history)
    noted = str(history.notes[record.STAMP])
    decision = decision_of(history)
    open_tasks = [task for task in queue.tasks if _status(ends.get(task.id)) is not Status.COMPLETED]
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
            *(f"{task.id} is {_status(ends.get(task.id))}: {ends[task.id].reason[:300]}" for task in open_tasks),
            *([f"decision: {decision.answer}; {decision.reason}"] if decision and queue.criteria else []),
        ],
        "manual_checkpoint": {"approved": True, "by": by},
    }


# --- texts -------------------------------------------------------------------------------------------------------


def headline(history: History) -> str:
    """Return the cycle in a sentence."""
    counts = cycle_value(history)["counts"]
    said = [f"{count} {status}" for status, count in counts.items() if count]
    decision, queue = decision_of(history), _queue(history)
    answer = f" Decision: {decision.answer}." if decision is not None and queue.criteria else ""
    return f"{len(queue.tasks)} tasks: {', '.join(said)}.{answer}"


def rows(history: History) -> list[tuple[str, ...]]:
    """Return the status table, a row a task, in the order in which they are worked on."""
    queue, ends = _queue(history), record.ends_of(history)
    found: list[tuple[str, ...]] = []
    for task in _ordered(queue):
        end = ends.get(task.id)
        states = (str(end.approval), str(end.executed), str(end.verified)) if end else ("", "", "")
        if end is not None and end.status is Status.BLOCKED:
            states = ("", "", "")
        found.append(
            (task.id, str(task.priority), str(task.kind), str(_status(end)), *states, end.reason if end else "")
        )
    return found


HEAD = ("task", "priority", "type", "status", "approval", "execution", "verification", "why")


def progress_text(history: History) -> str:
    """Return the progress file: the status table."""
    lines = [f"# Progress of {_plain(_queue(history).meeting)}", "", headline(history), "", _line(HEAD)]
    lines += [_line(("---",) * len(HEAD)), *(_line(row) for row in rows(history)), ""]
    return "\n".join(lines)


def summary_text(history: History) -> str:
    """Return the summary: what was verified, what was not and why, and the decision."""
    queue, ends, cycle = _queue(history), record.ends_of(history), cycle_value(history)
    said = "a success" if cycle["success"] else "no success"
    lines = [f"# Summary of {_plain(queue.meeting)}", "", headline(history), "", f"The cycle is {said}."]
    if cycle["claims_that_did_not_hold"]:
        lines += [f"Claims that did not hold: {', '.join(cycle['claims_that_did_not_hold'])}."]
    for task in _ordered(queue):
        end = ends.get(task.id)
        lines += ["", f"## {task.id}: {_status(end)}", "", _plain(task.action)]
        lines += _told(history, task, end)
    decision = decision_of(history)
    if decision is not None and queue.criteria:
        lines += ["", f"## Decision: {decision.answer}", "", *_decided(decision)]
    return "\n".join(lines) + "\n"


def _told(history: History, task: CodeTask, end: record.TaskEnd | None) -> list[str]:
    trial = _trial(history, end)
    if end is None or trial is None:
        return []
    if end.status is not Status.COMPLETED:
        return ["", f"Not completed: {_plain(end.reason)}"]
    evidence = trial.evidence
    if evidence is None:
        return []
    stored = history.notes.get(f"tasks/{task.id}/stored")
    kept = f"MLflow run {stored['run']} in {stored['store']}" if stored else "kept in the run's folder"
    lines = ["", f"Verified tracking run: {evidence.run}; {_plain(kept)}"] if evidence.run else [""]
    lines += [f"- file {_plain(name)} (sha256 {digest[:16]})" for name, digest in sorted(evidence.files.items())]
    lines += [f"- reported {_plain(name)}: {_numbers(values)}" for name, values in sorted(evidence.numbers.items())]
    return lines


def _decided(decision: Decision) -> list[str]:
    lines = [f"- {_plain(result.criterion)}: {result.state}. {_statistics(result)}" for result in decision.results]
    if decision.answer is not Answer.GO:
        lines.append(f"\n{_plain(decision.reason)}")
    return lines


def _statistics(result: Any) -> str:
    if result.gain is None:
        return f"{result.reason}."
    return (
        f"Gain {result.gain:.4g} (95 % interval {result.low:.4g} to {result.high:.4g}), d = {result.effect:.2f}, "
        f"p = {result.p_value:.3g}, by Holm {result.adjusted_p:.3g}, n = {result.n[0]} and {result.n[1]}."
    )


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values[:20]) + (" ..." if len(values) > 20 else "")


def _plain(text: str) -> str:
    """Return text of others as one line that Markdown shows as it is."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")


def _line(cells: Sequence[str] | Mapping[str, str]) -> str:
    return "| " + " | ".join(_plain(cell)[:300] for cell in cells) + " |"
