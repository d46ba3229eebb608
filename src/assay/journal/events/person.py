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
