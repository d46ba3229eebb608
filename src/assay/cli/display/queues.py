"""What the screens say of a run of code tasks: tasks and their ends, where other runs have trials and scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assay.cli.output import one_line
from assay.core.trial import TrialState
from assay.journal.file import FileJournal
from assay.journal.history import History, Trial
from assay.journal.summary import Summary
from assay.report.formatting import format_count
from assay.strategies.known import TASKS


def is_queue(summary: Summary) -> bool:
    """Return whether a run works on a queue of tasks, none of which has a score."""
    return summary.strategy == TASKS


def done_words(summary: Summary) -> str:
    """Return `2 done`: how many tasks are completed by now."""
    return f"{summary.states.get(TrialState.COMPLETE.value, 0)} done"


def task_words(summary: Summary) -> str:
    """Return `3 tasks`: how many were begun by now."""
    return format_count(summary.trials, "task")


def review_lines(trial: Trial) -> Iterator[str]:
    """Yield what reviewers said of a task, and what its evidence came to; nothing for a trial that is no task."""
    for review in trial.reviews:
        why = f": {one_line(review.reason, 160)}" if review.reason else ""
        yield f" review  {review.point} attempt {review.attempt} {review.reviewer}: {review.verdict}{why}"
        for flag in review.critical:
            yield f"         critical: {one_line(flag, 160)}"
    found = trial.evidence
    if found is None:
        return
    run = f", tracking run {found.run}" if found.run else ""
    yield f" found   attempt {found.attempt}: {'verified' if found.passed else 'not verified'}{run}"
    for finding in found.findings:
        yield f"         {finding.name} {one_line(finding.sentence, 200)}"
    for name, values in sorted(found.numbers.items()):
        shown = ", ".join(f"{value:.6g}" for value in values[:8]) + (" ..." if len(values) > 8 else "")
        yield f"         {one_line(name, 60)}: {shown} (reported, not graded)"
    for name, digest in sorted(found.files.items()):
        yield f"         file {one_line(name, 100)} (sha256 {digest[:16]})"


def queue_line(folder: Path) -> str:
    """Return how the tasks of the run in `folder` stand, in one line."""
    from assay.strategies.code_tasks.handoff_values import headline
    from assay.strategies.code_tasks.record import read_queue_of

    history = History(FileJournal(folder / "events.jsonl").read())
    return headline(history) if read_queue_of(history) is not None else "the queue is not read yet"


def next_commands(name: str, stopped_by: str) -> str:
    """Return the commands that help with a finished run of tasks.

    Args:
        name: The run.
        stopped_by: Why it ended.
    """
    approve = f"assay tasks approve {name} · " if stopped_by == "checkpoint" else ""
    return f"{approve}assay tasks status {name} · assay report {name}"
