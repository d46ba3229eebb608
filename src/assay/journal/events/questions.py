"""Events of what is put to a model, and of what a strategy decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from assay.core.usage import Usage
from assay.journal.events.payload import Payload


@dataclass(frozen=True, kw_only=True)
class Asked(Payload):
    """A role's question is about to be put. Intent: an answer that was paid for must not be lost."""

    kind: ClassVar[str] = "asked"
    key: str
    role: str
    request: str
    """Digest of the request."""


@dataclass(frozen=True, kw_only=True)
class Answered(Payload):
    """The answer to a question; the reply itself is an object."""

    kind: ClassVar[str] = "answered"
    key: str
    role: str
    request: str
    reply: str = ""
    """Digest of the reply's JSON; empty when the question failed."""
    model: str = ""
    """Who answered, as the provider names it."""
    usage: Usage = field(default_factory=Usage)
    latency_s: float = 0.0
    """Seconds from the question to the answer, repeats included."""
    error: str = ""
    """Code and sentence, when no valid reply could be had."""
    searched: bool = False
    """Whether the web was searched for it."""
    sources: tuple[str, ...] = ()
    """Addresses that the provider says were looked at."""
    kept: str = ""
    """ISO date of the search, by an earlier run, that this is the answer of; empty where it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Charged(Payload):
    """What a question took without being settled: the money and the tokens count, and it is put again on resume."""

    kind: ClassVar[str] = "charged"
    key: str
    role: str
    request: str
    usage: Usage
    error: str = ""
    """Code and sentence of what kept it from being settled."""


@dataclass(frozen=True, kw_only=True)
class Noted(Payload):
    """A decision of the strategy, so that a resumed run takes the same one."""

    kind: ClassVar[str] = "noted"
    key: str
    value: Any
    """JSON values."""
