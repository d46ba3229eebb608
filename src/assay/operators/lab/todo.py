"""The shared queue of things to do: ids, caps, refusal of near-duplicates, and the few items that prompts show."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assay.models.roles import Todo

Author = Literal["worker", "mentor"]

WORKER_CAP, MENTOR_CAP = 2, 1
TIGHT, TIGHTER = 24, 48
"""Open items from which on 2, and then 1, may be added a cycle by both together."""
LEAST_WORDS = 5
SIMILAR = 0.84
"""Ratio of difflib from which on two items are the same one."""
MOST_CHARACTERS = 220
_LOOK = 60
"""Items from either end of the queue that the focus is chosen from, so that a long queue costs no more."""
FOCUS_ITEMS, FOCUS_CHARACTERS = 8, 2_000
NAMES = {"worker": "Worker", "mentor": "Mentor"}
_LETTERS = {"worker": "W", "mentor": "M"}
_ID = re.compile(r"\[?C\d{4,}-[WM]\d{2}\]?", re.IGNORECASE)
_STOP = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "from",
        "into",
        "then",
        "than",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "not",
        "but",
        "its",
        "their",
        "our",
        "your",
        "will",
        "would",
        "should",
        "could",
        "can",
        "may",
        "might",
        "must",
        "let",
        "try",
        "use",
        "using",
        "make",
        "sure",
        "next",
        "also",
        "more",
        "less",
        "all",
        "any",
        "each",
        "per",
        "via",
        "out",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to do."""

    id: str
    """`C0012-W01`: cycle, author, place within the cycle."""
    by: Author
    text: str
    done: bool = False
    note: str = ""
    """How it was settled."""

    @property
    def line(self) -> str:
        """The item as it stands in the file that people read."""
        note = f" ({self.note})" if self.note else ""
        return f"- [{'x' if self.done else ' '}] [{self.id}] {NAMES[self.by]}: {self.text}{note}"


@dataclass(frozen=True, kw_only=True)
class Added:
    """What came of new items."""

    queue: tuple[Item, ...]
    refused: Mapping[str, str]
    """Text to the reason why it was not taken."""


def normalised(text: str) -> str:
    """Return the words of an item that carry its meaning: lower case, at least 3 letters, without ids and numbers."""
    plain = re.sub(r"[^a-z\s]", " ", _ID.sub(" ", text).lower())
    return " ".join(word for word in plain.split() if len(word) >= 3 and word not in _STOP)


def cap(queue: Sequence[Item], cycle: int, by: Author, *, challenged: bool = False) -> int:
    """Return how many items `by` may still add in this cycle.

    Args:
        queue: All items.
        cycle: Number of the cycle.
        by: Who would add them.
        challenged: Whether the mentor challenged: it adds nothing otherwise.
    """
    mine = MENTOR_CAP if by == "mentor" and challenged else (WORKER_CAP if by == "worker" else 0)
    here = [item for item in queue if item.id.startswith(f"C{cycle:04d}-")]
    left = mine - sum(1 for item in here if item.by == by)
    # Items of this very cycle do not tighten the cap that they were added under.
    opened = sum(1 for item in queue if not item.done and item not in here)
    if opened >= TIGHT:
        left = min(left, (1 if opened >= TIGHTER else 2) - len(here))
    return max(0, left)


def add(queue: Sequence[Item], cycle: int, by: Author, texts: Iterable[str], *, challenged: bool = False) -> Added:
    """Return the queue with new items, as far as caps and likeness allow.

    Args:
        queue: All items, the oldest first.
        cycle: Number of the cycle, from 1.
        by: Who adds them.
        texts: What is to be done.
        challenged: Whether the mentor challenged.
    """
    items, refused = list(queue), {}
    for text in texts:
        said = " ".join(text.split())[:MOST_CHARACTERS].rstrip()
        reason = _reason(items, cycle, by, said, challenged=challenged)
        if reason:
            refused[said] = reason
            continue
        letter = _LETTERS[by]
        place = 1 + sum(1 for item in items if item.id.startswith(f"C{cycle:04d}-{letter}"))
        items.append(Item(id=f"C{cycle:04d}-{letter}{place:02d}", by=by, text=said))
    return Added(queue=tuple(items), refused=refused)


def _reason(items: Sequence[Item], cycle: int, by: Author, text: str, *, challenged: bool) -> str:
    words = normalised(text)
    if len(words.split()) < LEAST_WORDS:
        return f"says too little: fewer than {LEAST_WORDS} words that carry meaning"
    for item in items:
        if not item.done and _alike(normalised(item.text), words):
            return f"is [{item.id}] again"
    if cap(items, cycle, by, challenged=challenged) == 0:
        return "the queue takes no more of this author in this cycle"
    return ""


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= SIMILAR and matcher.ratio() >= SIMILAR


def resolve(queue: Sequence[Item], ids: Iterable[str], *, note: str = "") -> tuple[Item, ...]:
    """Return the queue with these items marked as done; ids that there are not change nothing."""
    wanted = {one.strip().strip("[]").upper() for one in ids}
    return tuple(replace(item, done=True, note=note) if item.id in wanted and not item.done else item for item in queue)


def open_items(queue: Sequence[Item]) -> tuple[Item, ...]:
    """Return what is not done, the oldest first."""
    return tuple(item for item in queue if not item.done)


def focus(queue: Sequence[Item], *, items: int = FOCUS_ITEMS, characters: int = FOCUS_CHARACTERS) -> tuple[Todo, ...]:
    """Return the open items that prompts show: half from the oldest, half from the newest, none like another.

    Args:
        queue: All items.
        items: Most of them, at least 2.
        characters: Most characters of their texts together; the newest of the middle give way first.
    """
    opened = open_items(queue)
    oldest = _distinct(opened[:_LOOK], (items + 1) // 2, ())
    rest = [item for item in opened[-_LOOK:] if item not in oldest]
    newest = list(reversed(_distinct(list(reversed(rest)), items // 2, oldest)))
    # By turns from both ends, so that a short budget still shows the oldest and the newest.
    both = [*oldest, *newest]
    turns = [both[place // 2] if place % 2 == 0 else both[-1 - place // 2] for place in range(len(both))]
    chosen, left = [], characters
    for item in turns:
        if len(item.line) <= left:
            chosen.append(item)
            left -= len(item.line)
    order = {item.id: place for place, item in enumerate(queue)}
    return tuple(Todo(id=i.id, by=i.by, text=i.text) for i in sorted(chosen, key=lambda item: order[item.id]))


def _distinct(items: Sequence[Item], most: int, others: Sequence[Item]) -> list[Item]:
    """Return the first `most` items that are like none of `others` and none before them."""
    found: list[Item] = []
    for item in items:
        if len(found) == most:
            break
        if not any(_alike(normalised(item.text), normalised(other.text)) for other in (*others, *found)):
            found.append(item)
    return found
