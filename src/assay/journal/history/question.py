"""Question: what was put to a model, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from assay.journal import events as ev


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question put to a model, and what came of it."""

    key: str
    """Names it within the run."""
    role: str
    """Which kind of question."""
    request: str
    """Digest of the request."""
    answer: ev.Answered | None = None
    """None while it is under way, or when the engine died meanwhile."""
    asked: float = 0.0
    """Seconds since the epoch; 0 where the journal holds only its answer."""
