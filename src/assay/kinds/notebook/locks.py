"""Locks: which cells may not be changed, held by digest and place, outside the notebook that they bind.

The locks of a candidate lie in one of its own files, written when the candidate is made from a trusted notebook and
carried on by every edit. They are not read from the notebook: a notebook that could unlock itself locks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.digest import digest_json
from assay.core.errors import IntegrityError
from assay.kinds.notebook.cells import CellInfo, describe
from assay.kinds.notebook.document import Cell, Notebook, notebook_of

LOCKS_FILE = "locks.json"
"""The candidate's file that holds its locks."""
LOCK_TAGS = frozenset({"locked", "protected"})


@dataclass(frozen=True, kw_only=True)
class LockPolicy:
    """Which cells shall be locked. A cell that any of these names is locked, whatever else names it open."""

    cells: tuple[str, ...] = ()
    """Ids."""
    sections: tuple[str, ...] = ()
    """Words: a cell is locked if its section, a heading above it, its name or its subtask contains one as whole words,
    in any case. The reference's `protected_sections`."""
    open: tuple[str, ...] = ()
    """Ids of cells that a person wants open. It only ever loses: listed here so that a clash can be told."""
    tags: frozenset[str] = LOCK_TAGS


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a cell is locked, and why."""

    info: CellInfo
    locked: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Lock:
    """One locked cell."""

    id: str
    digest: str
    """Of type, source and tags: a tag can keep a cell from being run."""
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One way in which an edited notebook breaks the locks."""

    cell: str
    """Id of the cell that it is about."""
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Locks:
    """The locked cells in their order, and where code may stand between them."""

    items: tuple[Lock, ...] = ()
    gaps: tuple[bool, ...] = (True,)
    """Before the first, between neighbours and after the last: whether open code cells may stand there, which is so
    where the trusted notebook had some. One more than `items`."""

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the locked cells."""
        return frozenset(item.id for item in self.items)

    def verify(self, notebook: Notebook) -> tuple[Violation, ...]:
        """Return every way in which `notebook` breaks the locks; empty if it keeps them."""
        found = [*self._duplicates(notebook), *self._changes(notebook)]
        return tuple(found) or tuple(self._places(notebook))

    def require(self, notebook: Notebook) -> None:
        """Do nothing if `notebook` keeps the locks.

        Raises:
            IntegrityError: It does not; every violation is named (E404).
        """
        violations = self.verify(notebook)
        if violations:
            raise IntegrityError("E404", "; ".join(violation.sentence for violation in violations))

    def dumps(self) -> str:
        """Return the content of the candidate's file."""
        return json.dumps(encode(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def loads(cls, text: str) -> Locks:
        """Return what `dumps` wrote.

        Raises:
            IntegrityError: It did not write this (E404).
        """
        try:
            locks = decode(cls, json.loads(text))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise IntegrityError("E404", f"the locks in {LOCKS_FILE!r} cannot be read: {error}") from error
        if len(locks.gaps) != len(locks.items) + 1:
            raise IntegrityError("E404", f"the locks in {LOCKS_FILE!r} do not fit together")
        return locks

    def _duplicates(self, notebook: Notebook) -> Iterable[Violation]:
        ids = notebook.ids
        for cell_id in dict.fromkeys(ids):
            if ids.count(cell_id) > 1:
                kind = "locked cell" if cell_id in self.ids else "cell"
                yield Violation(cell=cell_id, sentence=f"the id of the {kind} {cell_id!r} is there more than once")

    def _changes(self, notebook: Notebook) -> Iterable[Violation]:
        cells = {cell.id: cell for cell in notebook.cells}
        by_digest = {_digest(cell): cell.id for cell in notebook.cells}
        for item in self.items:
            cell = cells.get(item.id)
            if cell is None:
                elsewhere = by_digest.get(item.digest)
                more = f"; its text is in {elsewhere!r} now" if elsewhere else ""
                yield Violation(cell=item.id, sentence=f"the locked cell {item.id!r} is missing{more}")
            elif _digest(cell) != item.digest:
                yield Violation(cell=item.id, sentence=f"the locked cell {item.id!r} was changed")

    def _places(self, notebook: Notebook) -> Iterable[Violation]:
        wanted = [item.id for item in self.items]
        found = [cell.id for cell in notebook.cells if cell.id in self.ids]
        for is_id, was_id in zip(found, wanted, strict=True):
            if is_id != was_id:
                yield Violation(cell=is_id, sentence=f"the locked cell {is_id!r} was moved to where {was_id!r} was")
                return
        gap = 0
        for cell in notebook.cells:
            if cell.id in self.ids:
                gap += 1
            elif cell.is_code and not self.gaps[gap]:
                yield Violation(cell=cell.id, sentence=f"the open cell {cell.id!r} stands {self._beside(gap)}")

    def _beside(self, gap: int) -> str:
        if gap == 0:
            return f"before the locked cell {self.items[0].id!r}, where there was none"
        if gap == len(self.items):
            return f"after the locked cell {self.items[-1].id!r}, which was the last"
        return f"between the locked cells {self.items[gap - 1].id!r} and {self.items[gap].id!r}, where there was none"


def decide(notebook: Notebook, policy: LockPolicy) -> tuple[Decision, ...]:
    """Return for every cell whether `policy` locks it, and why."""
    return tuple(_decision(info, policy) for info in describe(notebook))


def make_locks(notebook: Notebook, policy: LockPolicy) -> Locks:
    """Return the locks that `policy` puts on a trusted notebook.

    Raises:
        IntegrityError: Two of its cells have the same id, or the policy names a cell that is not there (E404).
    """
    decisions = decide(notebook, policy)
    locked = {decision.info.id: decision for decision in decisions if decision.locked}
    missing = [cell_id for cell_id in policy.cells if cell_id not in notebook.ids]
    if missing:
        raise IntegrityError("E404", f"there is no cell {missing[0]!r} to lock", fix="assay init NOTEBOOK again")
    items, gaps = [], [False]
    for cell in notebook.cells:
        if cell.id in locked:
            decision = locked[cell.id]
            items.append(Lock(id=cell.id, digest=_digest(cell), name=decision.info.name, reason=decision.reason))
            gaps.append(False)
        elif cell.is_code:
            gaps[-1] = True
    locks = Locks(items=tuple(items), gaps=tuple(gaps) if items else (True,))
    locks.require(notebook)
    return locks


def locks_of(candidate: Candidate) -> Locks:
    """Return the locks that a candidate carries; without any, nothing is locked.

    Raises:
        IntegrityError: They cannot be read (E404).
    """
    text = candidate.files.get(LOCKS_FILE)
    return Locks() if text is None else Locks.loads(text)


def held(candidate: Candidate, units: Iterable[str]) -> Candidate:
    """Return a candidate in which all code cells but `units` are locked too, and those that are locked still are.

    Args:
        candidate: A notebook.
        units: Ids of the cells that may be changed unless a lock says otherwise.
    """
    notebook, allowed = notebook_of(candidate), set(units)
    fixed = {cell.id for cell in notebook.code_cells if cell.id not in allowed} | locks_of(candidate).ids
    locks = make_locks(notebook, LockPolicy(cells=tuple(sorted(fixed)), tags=frozenset()))
    return replace(candidate, files={**candidate.files, LOCKS_FILE: locks.dumps()})


def with_locks_of(candidate: Candidate, other: Candidate) -> Candidate:
    """Return `candidate` with the locks that `other` carries in place of its own."""
    files = {name: text for name, text in candidate.files.items() if name != LOCKS_FILE}
    own = other.files.get(LOCKS_FILE)
    return replace(candidate, files=files if own is None else {**files, LOCKS_FILE: own})


def broken_locks(candidate: Candidate) -> tuple[Violation, ...]:
    """Return every way in which a candidate breaks the locks that it carries."""
    return locks_of(candidate).verify(notebook_of(candidate))


def _decision(info: CellInfo, policy: LockPolicy) -> Decision:
    reason = _reason(info, policy)
    if reason and info.id in policy.open:
        reason += "; a wish to open it does not count"
    return Decision(info=info, locked=bool(reason), reason=reason or "nothing locks it")


def _reason(info: CellInfo, policy: LockPolicy) -> str:
    if info.id in policy.cells:
        return "listed by its id"
    for tag in info.tags:
        if tag.lower() in policy.tags:
            return f"tagged {tag!r}"
    places = {"section": (info.section, *info.headings), "name": (info.name,), "subtask": (info.subtask,)}
    for word in policy.sections:
        for what, texts in places.items():
            if any(_says(text, word) for text in texts):
                return f"its {what} says {word!r}"
    return ""


def _says(text: str, word: str) -> bool:
    """Return whether `word` is in `text` as whole words, whatever joins them."""
    parts, wanted = _words(text), _words(word)
    return bool(wanted) and any(parts[i : i + len(wanted)] == wanted for i in range(len(parts)))


def _words(text: str) -> list[str]:
    return "".join(c.lower() if c.isalnum() else " " for c in text).split()


def _digest(cell: Cell) -> str:
    value: Any = {"type": cell.type, "source": cell.source, "tags": sorted(cell.tags)}
    return digest_json(value)
