"""Memory: queue, workpad, mentor's notes and storyline, carried from cycle to cycle within bounds."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from assay.core.codec import decode, encode
from assay.engine.session import Session
from assay.models.roles import Housekeeping, Review
from assay.operators.lab import memory as notes
from assay.operators.lab.mentor import MentorRules, mentor_todos
from assay.operators.lab.record import Cycle
from assay.operators.lab.todo import Item, add, open_items, resolve

MEMORY, CYCLE = "lab/memory", "lab/cycle"
"""Keys, followed by the cycle's number from 1."""
_WORKPAD, _MENTOR, _LINES, _SETTLED = 8_000, 4_000, 40, 20
"""What is carried on: a little more than any role is shown. It is kept anew each cycle, so ten thousand must not fill a
disk; the earlier notes stay in the answers that they came with."""
OPEN = 100
"""Open items of the queue; the oldest give way to newer ones."""
WINDOW = 200
"""Cycles that the rules look back on."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What the lab remembers."""

    queue: tuple[Item, ...] = ()
    not_queued: tuple[str, ...] = ()
    """What the last cycle wanted in the queue and is not in it, each with the reason."""
    workpad: str = ""
    mentor_notes: str = ""
    storyline: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One cycle as the journal keeps it: what the rules count, and words for people."""

    cycle: Cycle
    line: str
    """Of the storyline."""
    rationale: str = ""
    refused: tuple[str, ...] = ()
    """Why the decision was not carried out, in sentences."""
    outcome: str = ""
    reasons: tuple[str, ...] = ()
    """Why the mentor was asked."""
    trajectory: str = ""
    recommendation: str = ""
    critique: str = ""
    questions: tuple[str, ...] = ()
    ignored: str = ""
    """Why the mentor's suggestion was not carried out."""
    failed_calls: tuple[str, ...] = ()


def remembered(session: Session, number: int) -> Memory:
    """Return the memory as it was before cycle `number`."""
    digest = session.view().notes.get(f"{MEMORY}/{number - 1}")
    return decode(Memory, json.loads(session.parts.objects.get(digest))) if digest is not None else Memory()


def keep(session: Session, number: int, memory: Memory, noted: Noted) -> None:
    """Journal a cycle and the memory after it, once."""
    session.note(f"{CYCLE}/{number}", lambda: encode(noted))
    text = json.dumps(encode(memory), ensure_ascii=False).encode()
    session.note(f"{MEMORY}/{number}", lambda: session.parts.objects.put(text))


def noted_cycles(session_notes: object, *, upto: int, last: int | None = WINDOW) -> list[Noted]:
    """Return the cycles before `upto`, in order.

    Args:
        session_notes: The notes of the journal, by key.
        upto: Number of the first that is not wanted.
        last: Only so many of the latest; None returns all.
    """
    assert isinstance(session_notes, dict)
    first = 1 if last is None else max(1, upto - last)
    found = (session_notes.get(f"{CYCLE}/{number}") for number in range(first, upto))
    return [decode(Noted, told) for told in found if told is not None]


def after(
    memory: Memory, cycle: Cycle, *, kept: Housekeeping, review: Review | None, rules: MentorRules, line: str
) -> Memory:
    """Return the memory with what a cycle adds.

    Args:
        memory: Before it.
        cycle: What was done.
        kept: What is to be remembered of the decision that was carried out.
        review: The mentor's, if there was one.
        rules: What the mentor may add.
        line: Of the storyline.
    """
    queue = resolve(memory.queue, kept.todo_done, note=f"C{cycle.number:04d}")
    added = add(queue, cycle.number, "worker", kept.todo_new)
    queue, refused = added.queue, dict(added.refused)
    said = memory.mentor_notes
    if review is not None:
        added = add(queue, cycle.number, "mentor", mentor_todos(review, rules), challenged=cycle.challenged)
        queue, refused = added.queue, {**refused, **added.refused}
        said = notes.mentor_noted(
            said,
            cycle.number,
            trajectory=review.trajectory,
            recommendation=review.recommendation,
            critique=review.critique,
            said=" ".join([review.notes, *review.questions]),
        )
    workpad = memory.workpad
    if kept.notes.strip() or kept.data_notes.strip():
        workpad = notes.noted(workpad, cycle.number, notes=kept.notes, data_notes=kept.data_notes)
    surplus = len(open_items(queue)) - OPEN
    if surplus > 0:
        queue = resolve(queue, [item.id for item in open_items(queue)[:surplus]], note="gave way to newer ones")
    settled = [item for item in queue if item.done][-_SETTLED:]
    return replace(
        memory,
        queue=tuple(item for item in queue if not item.done or item in settled),
        not_queued=tuple(f"{text} ({reason})" for text, reason in refused.items()),
        workpad=notes.shortened(workpad, _WORKPAD),
        mentor_notes=notes.tail(said, _MENTOR),
        storyline=(*memory.storyline, line)[-_LINES:],
    )
