"""The hand-off files that people read, as Markdown: the table of progress and the summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.journal.history import History
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.decision import Answer, Decision
from assay.strategies.code_tasks.handoff_values import (
    cycle_value,
    decision_of,
    headline,
    ordered,
    queue_of,
    status_of,
    trial_of,
    was_reviewed,
)
from assay.strategies.code_tasks.queue import CodeTask
from assay.strategies.code_tasks.status import Status


def rows(history: History) -> list[tuple[str, ...]]:
    """Return the status table, a row a task, in the order in which they are worked on."""
    queue, ends = queue_of(history), record.ends_of(history)
    found: list[tuple[str, ...]] = []
    for task in ordered(queue):
        end = ends.get(task.id)
        states = (str(end.approval), str(end.executed), str(end.verified)) if end else ("", "", "")
        why = record.why_not(history, task.id)
        if end is not None and end.taken:
            why = f"taken from {end.taken}"
        elif not was_reviewed(trial_of(history, end)):
            states = ("", *states[1:])
        found.append((task.id, str(task.priority), str(task.kind), str(status_of(end)), *states, why))
    return found


HEAD = ("task", "priority", "type", "status", "approval", "execution", "verification", "why")


def progress_text(history: History) -> str:
    """Return the progress file: the status table."""
    lines = [f"# Progress of {_plain(queue_of(history).meeting)}", "", headline(history), "", _line(HEAD)]
    lines += [_line(("---",) * len(HEAD)), *(_line(row) for row in rows(history)), ""]
    return "\n".join(lines)


def summary_text(history: History) -> str:
    """Return the summary: what was verified, what was not and why, and the decision."""
    queue, ends, cycle = queue_of(history), record.ends_of(history), cycle_value(history)
    said = "a success" if cycle["success"] else "no success"
    lines = [f"# Summary of {_plain(queue.meeting)}", "", headline(history), "", f"The cycle is {said}."]
    if cycle["claims_that_did_not_hold"]:
        lines += [f"Claims that did not hold: {', '.join(cycle['claims_that_did_not_hold'])}."]
    for task in ordered(queue):
        end = ends.get(task.id)
        lines += ["", f"## {task.id}: {status_of(end)}", "", _plain(task.action)]
        lines += _told(history, task, end)
    decision = decision_of(history)
    if decision is not None and queue.criteria:
        before = [f"- weaker than it looks: {_plain(told)}" for told in history.notes.get(record.BEFORE, ())]
        lines += ["", f"## Decision: {decision.answer}", "", *_decided(decision), *before]
    return "\n".join(lines) + "\n"


def _told(history: History, task: CodeTask, end: record.TaskEnd | None) -> list[str]:
    if end is None:
        why = record.why_not(history, task.id)
        return ["", f"Open: {_plain(why)}"] if why else []
    if end.status is not Status.COMPLETED:
        return ["", f"Not completed: {_plain(end.reason)}"]
    evidence, taken = record.evidence_of(history, end), record.taken_of(history, task.id)
    if evidence is None:
        return []
    stored = taken.stored if taken else history.notes.get(record.stored_key(task.id))
    kept = f"MLflow run {stored['run']} in {stored['store']}" if stored else "kept in the run's folder"
    lines = ["", f"Verified tracking run: {evidence.run}; {_plain(kept)}"] if evidence.run else [""]
    lines += [f"- as {_plain(taken.run)} left it, event {taken.event} of its journal"] if taken else []
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


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_plain(cell)[:300] for cell in cells) + " |"
