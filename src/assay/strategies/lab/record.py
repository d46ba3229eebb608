"""Record: what one cycle was, as it stands in the journal; everything remembered is folded from these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.core.codec import decode, encode
from assay.journal.history import History
from assay.models.roles import Decision, Housekeeping, Review

CYCLE = "lab/cycle"
"""Key, followed by the cycle's number from 1, of its record."""


@dataclass(frozen=True, kw_only=True)
class CycleRecord:
    """One cycle: what was decided by whom, what was refused, what came of it."""

    number: int
    """Counted from 1."""
    action: str
    """What was really done, run, wait, stop or finish; a refused decision is a wait."""
    by: str = "worker"
    """worker or mentor."""
    label: str = ""
    category: str = ""
    rationale: str = ""
    trial: int | None = None
    """The experiment that was started, or is under way."""
    refused: tuple[str, ...] = ()
    """Why the decision was not carried out."""
    outcome: str = ""
    """What the cycle ended with, in a few words."""
    reviewed: bool = False
    reasons: tuple[str, ...] = ()
    """Why the mentor was asked."""
    trajectory: str = ""
    recommendation: str = ""
    critique: str = ""
    questions: tuple[str, ...] = ()
    worker_todo: tuple[str, ...] = ()
    mentor_todo: tuple[str, ...] = ()
    todo_done: tuple[str, ...] = ()
    notes: str = ""
    data_notes: str = ""
    mentor_notes: str = ""
    failed_calls: tuple[str, ...] = ()
    """Why the worker or the mentor gave no answer."""
    at: float = 0.0
    """When it ended, seconds since the epoch."""

    @property
    def line(self) -> str:
        """The cycle in one line, for the storyline."""
        who = "" if self.by == "worker" else " (the mentor's)"
        what = f"{self.action} {self.label}".strip() + who
        if self.refused:
            what = f"refused: {self.refused[0]}"
        challenge = "; the mentor challenged" if self.recommendation == "challenge" else ""
        end = f"; {self.outcome}" if self.outcome else ""
        return f"C{self.number:04d} {what}{challenge}{end}"


def housekeeping_of(record: dict[str, Any], decision: Decision, review: Review | None) -> dict[str, Any]:
    """Return `record` with what worker and mentor want remembered."""
    kept: Housekeeping = decision.housekeeping
    record.update(worker_todo=kept.todo_new, todo_done=kept.todo_done, notes=kept.notes, data_notes=kept.data_notes)
    if review is not None:
        record.update(
            reviewed=True,
            trajectory=review.trajectory,
            recommendation=review.recommendation,
            critique=review.critique,
            questions=review.questions,
            mentor_notes=review.notes,
            mentor_todo=review.todo_new if review.recommendation == "challenge" else (),
        )
    return record


def cycles(history: History, *, last: int | None = None) -> list[CycleRecord]:
    """Return the records of finished cycles in order.

    Args:
        history: The journal.
        last: Only so many of the latest; None returns all.
    """
    count = len(history.steps)
    first = 1 if last is None else max(1, count - last + 1)
    found = (history.notes.get(f"{CYCLE}/{number}") for number in range(first, count + 2))
    return [decode(CycleRecord, told) for told in found if told is not None]


def as_json(record: CycleRecord) -> Any:
    """Return the record as it is noted."""
    return encode(record)
