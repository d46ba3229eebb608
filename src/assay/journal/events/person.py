"""Events of what a person says to a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from assay.core.finish_plan import FinishPlan
from assay.journal.events.payload import Payload


class Wish(StrEnum):
    """What a person's words are."""

    REMARK = "remark"
    """Words for every later question."""
    HINT = "hint"
    """A model or an idea to try: words for every later question, and for those that retrieve models by itself."""
    BLOCK = "block"
    """Code to refine first, where a strategy works on passages."""


@dataclass(frozen=True, kw_only=True)
class Told(Payload):
    """A person said something to the run."""

    kind: ClassVar[str] = "told"
    text: str
    """The words."""
    what: Wish = Wish.REMARK
    """How they are meant."""


@dataclass(frozen=True, kw_only=True)
class FinishPlanned(Payload):
    """A person planned when the run shall finish up, or took that back."""

    kind: ClassVar[str] = "finish-planned"
    plan: FinishPlan | None = None
    """None where it was taken back."""


@dataclass(frozen=True, kw_only=True)
class Paused(Payload):
    """A person had the search start nothing new, or go on. The clock goes on either way."""

    kind: ClassVar[str] = "paused"
    on: bool = True
    """False where it goes on."""


@dataclass(frozen=True, kw_only=True)
class ScoredElsewhere(Payload):
    """A person wrote down a score that somebody else measured, as a leaderboard. Nothing is ranked or chosen by it."""

    kind: ClassVar[str] = "scored-elsewhere"
    trial: int
    """Whose predictions were scored there."""
    score: float
    """In the unit that is used there; taken for the task's metric."""
    where: str = "leaderboard"
    """Who measured it."""
    apart: bool = False
    """Whether no engine worked on the run when it was written: the time since the event before is none of running."""

    @property
    def takes_time(self) -> bool:
        """Only while the run goes on."""
        return not self.apart
