"""Execution: what came back from one start of a candidate on one view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a process ended, first cause first."""

    OK = "ok"
    ERROR = "error"
    """Exit code other than zero, or a signal that nobody of ours sent."""
    TIMEOUT = "timeout"
    MEMORY = "memory"
    DISK = "disk"
    OUTPUT = "output"
    """It printed more than the limit."""
    PROCESSES = "processes"
    STOPPED = "stopped"
    """We stopped it, because the user, the budget or the race said so."""
    INFRA = "infra"
    """It never started, or the sandbox failed: our fault, never the candidate's."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What came back. Numbers that could not be measured are None, never 0."""

    outcome: Outcome
    exit_code: int | None = None
    wall_s: float = 0.0
    cpu_s: float | None = None
    peak_memory_bytes: int | None = None
    log: str = ""
    """Digest of the kept output (standard output and error in the order they came); empty if none was kept."""
    log_tail: str = ""
    """The end of that output, at most 8,000 characters."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Name under `./output` to digest, of the declared outputs that could be taken safely."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Name under `./output` to the reason why it was not taken: missing, link, too large ..."""
    files: Mapping[str, int] = field(default_factory=dict)
    """Path in the workspace to bytes, of the other plain files that it left there; at most 100."""
    stuck_at: str = ""
    """The Python stack at the time-out, if it could be had."""
    tier: str = ""
    """Isolation it ran under: `T1`, `T2`, `T3`, `off` or `fake`."""
    detail: str = ""
    """One sentence on the cause, for people."""
