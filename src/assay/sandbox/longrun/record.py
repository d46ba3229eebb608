"""Record: what a long run was started as, who attends to it, and how it ended; one file, always whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assay.core.codec import decode, encode
from assay.core.errors import IntegrityError
from assay.core.execution import Outcome
from assay.core.files import write_whole
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.identity import Identity

RECORD = "record.json"
DAY_S = 86_400.0


class Life(StrEnum):
    """How a long run is doing."""

    RUNNING = "running"
    ENDED = "ended"
    """Its end is on record."""
    LOST = "lost"
    """The machine was started anew while it ran."""
    UNKNOWN = "unknown end"
    """Whoever attended to it was killed, which ended it, too; how far it was is not known."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be run. It reaches the supervisor through a pipe: variables of the command stand in no file."""

    command: Command
    workspace: Workspace
    limits: SandboxLimits
    sandbox: str = "auto"
    """Mode, as `open_sandbox` takes it."""
    require: str = "landlock"
    """The least tier that `auto` may take."""
    grace_s: float = 10.0
    """Between the request to end and the end by force."""
    log_bytes: int = 50 * 2**20
    """Most that is kept of what it prints: its head and its tail."""


@dataclass(frozen=True, kw_only=True)
class End:
    """How the command ended; every process of its tree was dead when this was written."""

    outcome: Outcome
    exit_code: int | None
    """128 + n where signal n ended it, as shells say it; None where it was killed by us or never started."""
    signal: str = ""
    """Name of the signal that the exit code stands for, such as `SIGSEGV`."""
    forced: bool = False
    """Whether it did not heed the request to end, and was killed."""
    ended: float = 0.0
    """Seconds since the epoch."""
    wall_s: float = 0.0
    cpu_s: float | None = None
    peak_memory_bytes: int | None = None
    detail: str = ""
    """One sentence on the cause, for people."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a long run."""

    argv: tuple[str, ...]
    supervisor: Identity
    started: float
    """Seconds since the epoch."""
    tier: str = ""
    """Isolation; empty until the command was started."""
    process: str = ""
    """The sandbox's handle: pid and start time of the process that guards the tree."""
    end: End | None = None


def read_record(folder: Path) -> Record | None:
    """Return the record in `folder`, or None where nothing was ever started.

    Raises:
        IntegrityError: There is a record, and it cannot be read (E412).
    """
    try:
        return decode(Record, json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            "E412",
            f"the record of a long run in {str(folder)!r} cannot be read: {error}",
            kept="what the command wrote and printed",
            fix="look into its log, and start it again if it did not end",
        ) from error


def write_record(folder: Path, record: Record) -> None:
    """Replace the record in `folder`.

    Raises:
        OSError: The disk is full or the folder is gone; the record before is as it was.
    """
    write_whole(folder / RECORD, json.dumps(encode(record), indent=1) + "\n")
