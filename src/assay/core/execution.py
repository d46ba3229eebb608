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
    SKIPPED = "skipped"
    """A person had this one ended: its trial fails, is not mended, and the run goes on."""
    INFRA = "infra"
    """It never started, or the sandbox failed: our fault, never the candidate's."""


class UnitOutcome(StrEnum):
    """How one unit of a candidate went, where its units are run one by one."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    """It passed the limit of one unit."""
    RUN_TIMEOUT = "run timeout"
    """The time of the whole run was over while it ran."""
    DEAD = "dead kernel"
    """The process that ran it ended."""
    EXIT = "exit"
    """It asked to end, by `exit()` or `sys.exit()`."""
    CUT = "cut off"
    """It had begun when everything was ended from outside."""


@dataclass(frozen=True, kw_only=True)
class UnitRun:
    """One unit that was run."""

    unit: str
    """Its name: the id of a cell."""
    outcome: UnitOutcome
    wall_s: float = 0.0
    """Seconds that it took."""
    line: int = 0
    """Line of the unit that raised, from 1; 0 if that is not known."""
    error: str = ""
    """Type and message of what it raised, or a sentence on how it ended."""
    trace: str = ""
    """The end of its traceback; for a time-out where it was."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What came back. Numbers that could not be measured are None, never 0."""

    outcome: Outcome
    exit_code: int | None = None
    """128 + n if signal n ended it; None if it never started or was killed before it could end."""
    wall_s: float = 0.0
    """Seconds from the moment the command was let go."""
    cpu_s: float | None = None
    """Processor seconds of its whole tree."""
    peak_memory_bytes: int | None = None
    """The most that its tree held at a time."""
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
    node: str = ""
    """The machine of a cluster that it ran on; empty for the engine's own."""
    detail: str = ""
    """One sentence on the cause, for people."""
    units: tuple[UnitRun, ...] = ()
    """How each unit went, in the order in which they ran, for kinds that run them one by one."""
