"""Record: what came of each task, as it is noted in the journal and read by every screen and hand-off file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.core.codec import decode, encode
from assay.journal.events import EvidenceVerified
from assay.journal.history import History
from assay.strategies.code_tasks.queue import Queue
from assay.strategies.code_tasks.status import Approval, Executed, Status, Verified

QUEUE = "tasks/queue"
RESPONSES = "tasks/responses"
EARLIER = "tasks/earlier-failures"
DECISION = "tasks/decision"
STAMP = "tasks/timestamp"
BEFORE = "tasks/decided-before"
APPROVED = "tasks/checkpoint-approved"


@dataclass(frozen=True, kw_only=True)
class TaskEnd:
    """How one task ended."""

    task: str
    status: Status
    approval: Approval
    executed: Executed
    verified: Verified
    reason: str = ""
    """Why it is not completed, in a sentence."""
    trial: int | None = None
    attempts: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)
    """Point to changes of code that were tried there."""
    run: str = ""
    """Id of the tracking run that was verified; empty where none was asked for."""
    taken: str = ""
    """Name of the run that the result was taken from as it is; empty where this run did the task."""
    ended: float = 0.0
    """Seconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The result of a task in another run, and what leads back to it."""

    run: str
    """Name of the run that did the task."""
    journal: str
    """Digest of the first event of its journal."""
    event: int
    digest: str
    """Number and digest of the event there that noted the task's end."""
    end: TaskEnd
    """As noted there."""
    evidence: EvidenceVerified
    """As verified there; trial and attempt are those of that run."""
    candidate: str
    """Digest of the code's record."""
    stored: Mapping[str, str] | None = None
    """Where the experiment store has it."""


def end_key(task: str) -> str:
    """Return the key under which a task's end is noted."""
    return f"tasks/{task}/end"


def read_queue_of(history: History) -> Queue | None:
    """Return the queue that a run works on, None before it was read."""
    noted = history.notes.get(QUEUE)
    return None if noted is None else decode(Queue, noted)


def ends_of(history: History) -> dict[str, TaskEnd]:
    """Return how each task ended that did, by id."""
    queue = read_queue_of(history)
    noted = {task.id: history.notes.get(end_key(task.id)) for task in queue.tasks} if queue else {}
    return {id: decode(TaskEnd, value) for id, value in noted.items() if value is not None}


def stored_key(task: str) -> str:
    """Return the key under which the place of a task in the experiment store is noted."""
    return f"tasks/{task}/stored"


def taken_key(task: str) -> str:
    """Return the key under which it is noted what of another run was taken."""
    return f"tasks/{task}/taken"


def taken_of(history: History, task: str) -> Taken | None:
    """Return what was taken of another run for a task, None if nothing was."""
    noted = history.notes.get(taken_key(task))
    return decode(Taken, noted) if noted and "why" not in noted else None


def why_not(history: History, task: str) -> str:
    """Return why a task is not completed, in a sentence; empty where it is, or where nobody knows yet."""
    end, noted = ends_of(history).get(task), history.notes.get(taken_key(task))
    if end is not None:
        return end.reason
    return f"not done in this run, and nothing was taken of an earlier one: {noted['why']}" if noted else ""


def evidence_of(history: History, end: TaskEnd | None) -> EvidenceVerified | None:
    """Return the evidence that a task's end rests on, of this run or of the one it was taken from."""
    if end is None:
        return None
    if end.taken:
        taken = taken_of(history, end.task)
        return taken.evidence if taken else None
    return history.trials[end.trial].evidence if end.trial is not None else None


def as_note(end: TaskEnd) -> Mapping[str, object]:
    """Return `end` as JSON values; fields that equal their default are left out."""
    value: Mapping[str, object] = encode(end)
    return value
