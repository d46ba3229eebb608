"""Stage: the part of a search that a step is in, and until when it may last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The part of a search that a step is in."""

    name: str
    """In a few words, as who is asked reads it: `refinement`."""
    until_s: float | None = None
    """Seconds of running, counted from the run's start, at which its share of the time is used; None without one."""
