"""Checkpoint: a long history as it was at one event, so that it need not be folded again from the first on.

The journal remains the only truth. A checkpoint is used where the chain of digests of the journal, checked line by line
as ever, leads to the very event that it was made at, and where the records are still read by the same code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import assay.core
from assay.core.codec import decode, encode
from assay.core.collector import collector_at_rest
from assay.core.digest import canonical_json, digest_bytes, digest_file, digest_json
from assay.core.errors import IntegrityError
from assay.core.files import write_whole
from assay.core.finish_plan import FinishPlan
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History, Measurement, Question, Trial

NAME = "history.json"
"""Of the file in a run's folder."""


@dataclass(frozen=True, kw_only=True)
class _Folded:
    """A history as a record: the names are those of its attributes, what follows from others is left out."""

    started: ev.RunStarted | None = None
    finished: ev.RunFinished | None = None
    trials: tuple[Trial, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[tuple[str, Any, float, float], ...] = ()
    """Key, value, and when it was made: seconds of running and since the epoch."""
    steps: tuple[ev.StepFinished, ...] = ()
    noise: ev.NoiseMeasured | None = None
    sealed: ev.SealedOpened | None = None
    openings: tuple[tuple[float, ev.SealedOpened], ...] = ()
    after_opening: tuple[tuple[int, float], ...] = ()
    submission: ev.SubmissionWritten | None = None
    validations: tuple[ev.Validated, ...] = ()
    phase: str = ""
    phases: tuple[tuple[float, str], ...] = ()
    phases_s: tuple[float, ...] = ()
    told: tuple[tuple[float, str], ...] = ()
    hints: tuple[str, ...] = ()
    blocks: tuple[tuple[float, str], ...] = ()
    finish_plan: FinishPlan | None = None
    paused_since: float | None = None
    remarks: tuple[tuple[float, ev.Remarked], ...] = ()
    resumes: int = 0
    extensions: int = 0
    sandboxes: tuple[str, ...] = ()
    usage: Usage
    usage_of: tuple[tuple[str, str, Usage], ...] = ()
    wall_s: float = 0.0
    worked_until: float = 0.0
    elsewhere: tuple[tuple[float, ev.ScoredElsewhere], ...] = ()
    measurements: tuple[Measurement, ...] = ()


_AS_THEY_ARE = frozenset({"started", "finished", "noise", "sealed", "submission", "phase", "finish_plan", "resumes",
                          "extensions", "usage", "wall_s", "worked_until", "paused_since"})  # fmt: skip
_LISTS = ("openings", "phases", "phases_s", "told", "hints", "blocks", "remarks", "sandboxes", "elsewhere")


class HistoryFile:
    """The history of a run folder: its checkpoint, and what the journal has gained since.

    The engine calls `write` now and then; everybody calls `read`. Losing the file costs one slow read.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._journal = FileJournal(folder / "events.jsonl")

    @property
    def events(self) -> int:
        """How many events the checkpoint covers; 0 where there is none that this code can use."""
        try:
            with self._path.open("rb") as stream:
                claim = json.loads(stream.readline())
            return int(claim["events"]) if claim["code"] == code_digest() else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def read(self) -> History:
        """Return the history up to the last whole event of the journal, the chain checked from the first on.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        with collector_at_rest():
            try:
                known = self._taken_up()
            except IntegrityError:
                known = None  # the slow way tells which line it is
            return known or History(self._journal.each())

    def write(self, history: History) -> None:
        """Keep `history`, which nobody feeds meanwhile.

        Raises:
            OSError: The disk is full or the folder cannot be written; what was kept before still is.
        """
        if history.last is None:
            return
        with collector_at_rest():
            body = canonical_json({"last": history.last.as_dict(), "folded": encode(_folded(history))}).encode()
        head = {
            "events": history.last.number + 1,
            "digest": history.last.digest,
            "code": code_digest(),
            "content": digest_bytes(body),
        }
        write_whole(self._path, canonical_json(head).encode() + b"\n" + body)

    def kept(self) -> tuple[History, int] | None:
        """Return the history as the checkpoint has it, and the byte of the journal after its last event.

        None where there is no checkpoint of this journal and code.

        Raises:
            IntegrityError: The chain of digests is broken (E401).
        """
        try:
            head, _, body = self._path.read_bytes().partition(b"\n")
            claim = json.loads(head)
            if claim["code"] != code_digest() or claim["content"] != digest_bytes(body):
                return None
            offset, digest = self._journal.skim(claim["events"])
            value = json.loads(body)
            last = Event.from_dict(value["last"])
            if not digest == claim["digest"] == last.digest:
                return None
            return _unfolded(decode(_Folded, value["folded"]), last), offset
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _taken_up(self) -> History | None:
        """Return the history by way of the checkpoint; None where there is none."""
        known = self.kept()
        if known is None:
            return None
        history, offset = known
        for event in self._journal.each(offset, history.last.digest if history.last is not None else ""):
            history.apply(event)
        return history


@cache
def code_digest() -> str:
    """Return the digest of the code that makes records and histories: another one may read a journal otherwise."""
    return sources_digest(Path(assay.core.__file__).parent, Path(__file__).parent)


def sources_digest(*folders: Path) -> str:
    """Return the digest of all Python files in `folders` and the folders in them, by name and content."""
    files = [(folder, path) for folder in folders for path in sorted(folder.rglob("*.py"))]
    return digest_json([[path.relative_to(folder).as_posix(), digest_file(path)] for folder, path in files])


def _folded(history: History) -> _Folded:
    known: dict[str, Any] = {name: getattr(history, name) for name in _AS_THEY_ARE}
    known |= {name: tuple(getattr(history, name)) for name in _LISTS}
    known |= {name: tuple(getattr(history, name).values()) for name in ("trials", "questions", "steps", "validations")}
    notes = tuple((key, value, history.noted_s[key], history.noted_at[key]) for key, value in history.notes.items())
    usage_of = tuple((role, model, usage) for (role, model), usage in history.usage_of.items())
    known |= {"notes": notes, "usage_of": usage_of, "after_opening": tuple(history.after_opening.items())}
    return _Folded(**known, measurements=tuple(history.all_measurements()))


def _unfolded(folded: _Folded, last: Event) -> History:
    history = History()
    known: Mapping[str, Any] = {field.name: getattr(folded, field.name) for field in fields(folded)}
    for name in _AS_THEY_ARE:
        setattr(history, name, known[name])
    for name in _LISTS:
        setattr(history, name, list(known[name]))
    history.last = last
    history.trials = {trial.number: trial for trial in folded.trials}
    history.questions = {question.key: question for question in folded.questions}
    for key, value, noted_s, noted_at in folded.notes:
        history.notes[key], history.noted_s[key], history.noted_at[key] = value, noted_s, noted_at
    history.after_opening = dict(folded.after_opening)
    history.steps = {step.step: step for step in folded.steps}
    history.validations = {(found.trial, found.check): found for found in folded.validations}
    history.usage_of = {(role, model): usage for role, model, usage in folded.usage_of}
    history.restore(folded.measurements)
    return history
