"""Trial states and verdicts: the two enumerations that every table shows."""

from __future__ import annotations

from enum import StrEnum


class TrialState(StrEnum):
    """A candidate's life. The last four are final."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    """It has a graded score; or, for a job, evidence that was verified."""
    FAILED = "failed"
    """It ran and produced nothing that could be scored."""
    REJECTED = "rejected"
    """An integrity check fired; whatever score it had does not count."""
    STOPPED = "stopped"
    """The user or the budget ended it."""

    @property
    def is_final(self) -> bool:
        """Whether nothing further can happen to the trial."""
        return self not in (TrialState.WAITING, TrialState.RUNNING)


class Verdict(StrEnum):
    """What a score shows against the trial that it must beat. A label is earned, never assumed."""

    BASELINE = "baseline"
    """A trial that others are measured against."""
    REAL = "real"
    """Beyond the noise on fresh partitions, better on each, significant with the search's error under control."""
    MAYBE = "maybe"
    """Better, and not established."""
    NOISE = "noise"
    """Inside the noise, or not better."""
    REJECTED = "rejected"
    """An integrity check fired."""
