"""Records of the notebook strategies: what they note of every iteration and round, and how it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from assay.core.codec import decode
from assay.journal.history import History

R = TypeVar("R")

SOURCE = "notebook/source"
"""Key of the note on where a notebook came from that was not written by this run."""
IDEAS = "notebook/ideas"
"""Key of the note with the ideas that were handed over; an empty list is an explicit free style."""
STOPPED = "notebook/stopped"
"""Key of the note on why the loop ended."""
PROSE = "notebook/prose"
"""Key of the note with the words of the report."""
ANALYSIS = "notebook/analysis"
"""Key of the note of a run that only analyses another one."""
BASE = "review/base"
"""Key of the note on the notebook under review and its locked score."""


class Status(StrEnum):
    """What came of an iteration."""

    SUCCESS = "SUCCESS"
    """It reached the threshold."""
    VALID = "VALID"
    """It has a graded score, and so has its baseline."""
    NO_BASELINE = "NO_BASELINE"
    """Its baseline left nothing that could be graded: it was compared with nothing, and wins only where none was."""
    CRASH = "CRASH"
    """It ran and left no predictions that count."""
    REJECTED = "REJECTED"
    """A check fired."""
    NO_NOTEBOOK = "NO_NOTEBOOK"
    """Nobody wrote one that is whole."""
    GENERATED = "GENERATED"
    """It was written and not run: that stage was not asked for."""


class RoundVerdict(StrEnum):
    """What came of a round of review."""

    IMPROVED = "IMPROVED"
    """Better than the notebook that it started from: it is the next base."""
    FAILED = "FAILED"
    """It has a score and is not better; it is taken back."""
    CRASH = "CRASH"
    """It left no predictions that count; it is taken back."""
    REJECTED = "REJECTED"
    """A check fired, such as that of the locks; it is taken back."""
    REFUSED = "REFUSED"
    """Its edits touched what they must not and were never run."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a notebook came from."""

    candidate: str
    """Digest of the candidate in this run's objects."""
    origin: str
    """In words: a file, or a run and a trial."""
    run: str = ""
    """Name of the run; empty for a file."""
    trial: int | None = None
    file: str = ""
    """The user's file, as given; empty for one of a run."""
    digest: str = ""
    """Digest of the user's file when it was read."""
    title: str = ""
    strategy: str = ""
    """What it was to do, where that is known."""


@dataclass(frozen=True, kw_only=True)
class IterationRecord:
    """An iteration of `notebook`."""

    number: int
    status: Status
    title: str = ""
    strategy: str = ""
    ideas: tuple[str, ...] = ()
    free_style: bool = False
    """Whether no ideas were handed over."""
    candidate: str = ""
    """Digest of the notebook as written; empty where there is none."""
    trial: int | None = None
    baseline: Mapping[str, float] = field(default_factory=dict)
    """Graded scores of the baseline inside the notebook, by fold."""
    reported: Mapping[str, float] = field(default_factory=dict)
    """What a notebook without a graded score says of itself; nobody vouches for it, and it ranks nowhere."""
    problem: str = ""
    begun_s: float = 0.0
    """Seconds of running of the whole run at which it began."""
    ended_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class BaseRecord:
    """The notebook under review, as it was when the review began."""

    trial: int
    scores: Mapping[str, float]
    """The locked scores, by fold: every delta of the review is against these."""
    score: float
    graph: Mapping[str, Any]
    inner: bool = False
    """Whether these are the scores of the baseline inside the notebook; else those of the notebook as it came."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Further graded scores that a diagnosis rests on, means over folds."""
    own: Mapping[str, float] = field(default_factory=dict)
    """The same of the notebook as it came, where the baseline inside it is what is locked."""


@dataclass(frozen=True, kw_only=True)
class RoundRecord:
    """A round of `notebook_review`."""

    number: int
    verdict: RoundVerdict
    base: int
    """Trial that the round started from."""
    next: int
    """Trial that the next round starts from."""
    trial: int | None = None
    decision: str = ""
    focus: str = ""
    title: str = ""
    reflection: str = ""
    critique: str = ""
    strategy: str = ""
    refused: tuple[str, ...] = ()
    """Why answers were refused."""
    diff: str = ""
    """What it changed, cell by cell."""
    score: float | None = None
    base_score: float | None = None
    """Of the notebook that it started from."""
    delta: float | None = None
    """Gain over the locked baseline, positive is better."""
    gained: float | None = None
    """Gain over the notebook that it started from."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    reported: Mapping[str, float] = field(default_factory=dict)
    """As of `IterationRecord`."""
    diagnosis: str = ""
    """What the round was told of the measured scores."""
    problem: str = ""
    graph: Mapping[str, Any] = field(default_factory=dict)
    """The subtasks after the round."""


def iteration_key(number: int) -> str:
    """Return the key of the note on an iteration."""
    return f"iteration/{number:03d}"


def round_key(number: int) -> str:
    """Return the key of the note on a round."""
    return f"review/round-{number:03d}"


def iterations_of(history: History) -> tuple[IterationRecord, ...]:
    """Return the finished iterations of a run, in order."""
    return tuple(decode(IterationRecord, history.notes[key]) for key in sorted(history.notes) if _is(key, "iteration/"))


def rounds_of(history: History) -> tuple[RoundRecord, ...]:
    """Return the finished rounds of a run, in order."""
    found = (key for key in sorted(history.notes) if _is(key, "review/round-"))
    return tuple(decode(RoundRecord, history.notes[key]) for key in found)


def base_of(history: History) -> BaseRecord | None:
    """Return the notebook under review, once it has a score."""
    value = history.notes.get(BASE)
    return decode(BaseRecord, value) if value else None


def source_of(history: History) -> Source | None:
    """Return where the run's notebook came from, if it was handed one."""
    value = history.notes.get(SOURCE)
    return decode(Source, value) if value else None


def _is(key: str, stem: str) -> bool:
    return key.startswith(stem) and key.removeprefix(stem).isdecimal()
