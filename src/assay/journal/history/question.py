"""Question: what was put to a model, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from assay.journal import events as ev


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question put to a model, and what came of it."""

    key: str
    role: str
    request: str
    answer: ev.Answered | None = None
    asked: float = 0.0
