"""Earlier: results of another run of the same queue, taken as they are where nothing about them is in doubt."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.codec import decode, encode
from assay.core.errors import AssayError
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.objects import ObjectStore
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.queue import CodeTask, Queue, in_order
from assay.strategies.code_tasks.record import Taken
from assay.strategies.code_tasks.status import Status, Verified
from assay.strategies.known import TASKS


@dataclass
class EarlierRun:
    """A run of a queue, only read.

    Args:
        folder: Its folder.

    Raises:
        IntegrityError: Its journal was changed.
    """

    folder: Path
    events: tuple[Event, ...] = field(init=False)
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.events = tuple(FileJournal(self.folder / "events.jsonl").read())
        self.history = History(self.events)
        self.objects = ObjectStore(self.folder / "objects")

    def take(self, task: CodeTask, keep: Callable[[bytes], str]) -> Taken | str:
        """Return what came of a task here, with its files kept, or why it cannot be taken.

        Args:
            task: As the queue of now declares it.
            keep: Keeps the content of an object where the new run finds it.
        """
        end = record.ends_of(self.history).get(task.id)
        if end is None:
            return "it has no result there"
        if end.status is not Status.COMPLETED:
            return f"it is {end.status} there"
        evidence = record.evidence_of(self.history, end)
        if evidence is None or not evidence.passed or end.verified is not Verified.PASSED:
            return "there is no verified evidence of it there"
        known = record.taken_of(self.history, task.id)
        candidate = known.candidate if known else self.history.trials[evidence.trial].candidate
        try:
            for digest in {candidate, evidence.record, *evidence.files.values()} - {""}:
                keep(self.objects.get(digest))
        except AssayError as error:
            return error.message
        if known is not None:
            return known  # from where it was measured, however often it was taken
        noted = next(e for e in self.events if getattr(e.payload, "key", "") == record.end_key(task.id))
        return Taken(
            run=self.folder.name,
            journal=self.events[0].digest,
            event=noted.number,
            digest=noted.digest,
            end=end,
            evidence=evidence,
            candidate=candidate,
            stored=self.history.notes.get(record.stored_key(task.id)),
        )


def latest_of(runs: Path, queue: Queue) -> Path | None:
    """Return the run below `runs` that worked on this very queue last and is over, None if there is none.

    Tasks and criteria must be the same: criteria that are written once results are known are none.
    """
    for folder, history in _runs_of_queues(runs):
        if history.notes.get(record.QUEUE) == encode(queue) and read_holder(folder / LEASE_FILE) is None:
            return folder
    return None


def decided_before(runs: Path, queue: Queue, own: Path) -> list[str]:
    """Return a sentence on each earlier run of the same tasks that makes a decision on them weaker than it looks.

    Args:
        runs: The folder of runs.
        queue: What is about to be worked on; without criteria nothing is decided.
        own: The folder of this run, which is left out.
    """
    said = []
    for folder, history in _runs_of_queues(runs) if queue.criteria else ():
        there, noted = record.read_queue_of(history), history.notes.get(record.DECISION)
        if there is None or folder.name == own.name or there.tasks != queue.tasks:
            continue
        if there.criteria != queue.criteria or there.alpha != queue.alpha:
            if any(end.status is Status.COMPLETED for end in record.ends_of(history).values()):
                said.append(f"results of the same tasks were known from {folder.name} when these criteria were written")
        elif noted:
            said.append(f"{folder.name} decided {noted['answer']} on the same tasks by the same criteria")
    return said


def _runs_of_queues(runs: Path) -> Iterator[tuple[Path, History]]:
    """Yield the runs that worked on queues and what their journals say, the latest first; damaged ones are left out."""
    found = [(path.stat().st_mtime, path.parent) for path in runs.glob("*/events.jsonl")]
    for _, folder in sorted(found, key=lambda pair: (-pair[0], pair[1].name)):
        try:
            described = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            if described["options"].get("strategy") == TASKS:
                yield folder, History(FileJournal(folder / "events.jsonl").read())
        except (AssayError, OSError, ValueError, KeyError, AttributeError):
            continue


def left_out(
    queue: Queue, again: Collection[str], take: Callable[[CodeTask], Taken | str]
) -> Mapping[str, Taken | str]:
    """Return for each task that is not done again what is taken of it, or why nothing is.

    Args:
        queue: All tasks.
        again: Ids of those that are done again.
        take: Takes one.
    """
    found: dict[str, Taken | str] = {}
    for task in in_order(queue.tasks):
        if task.id in again:
            continue
        stale = [id for id in task.dependencies if not isinstance(found.get(id), Taken)]
        if stale:
            why = "is done again" if set(stale) & set(again) else "is not taken"
            found[task.id] = f"it builds on {', '.join(stale)}, which {why}"
        else:
            found[task.id] = take(task)
    return found


def as_note(one: Taken | str) -> Any:
    """Return what `left_out` found as JSON values."""
    return {"why": one} if isinstance(one, str) else encode(one)


def of_note(value: Mapping[str, Any]) -> Taken | str:
    """Return what `as_note` made `value` from."""
    return str(value["why"]) if "why" in value else decode(Taken, value)
