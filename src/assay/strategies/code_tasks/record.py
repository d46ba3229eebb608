"""Record: what came of each task, as it is noted in the journal and read by every screen and hand-off file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.core.codec import decode, encode
from assay.journal.history import History
from assay.strategies.code_tasks.queue import Queue
from assay.strategies.code_tasks.status import Approval, Executed, Status, Verified

QUEUE = "tasks/queue"
RESPONSES = "tasks/responses"
EARLIER = "tasks/earlier-failures"
DECISION = "tasks/decision"
STAMP = "tasks/timestamp"
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
    ended: float = 0.0
    """Seconds since the epoch."""


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


def as_note(end: TaskEnd) -> Mapping[str, object]:
    """Return `end` as JSON values; fields that equal their default are left out."""
    value: Mapping[str, object] = encode(end)
    return value
