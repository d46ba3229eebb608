"""Pulse: what a running engine is doing now, for `status` and the live view.

It is the one thing shown that is not in the journal: it is worth nothing once the process is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from assay.core.codec import decode, encode


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One thing under way."""

    kind: str
    """`run` (a candidate's process), `model` (a question), `data` (views being built), `grade`."""
    label: str
    """For people, for example `#5 fold-3` or `draft`."""
    since: float
    """Seconds since the epoch."""
    trial: int | None = None
    view: str = ""
    pid: int | None = None
    limit_s: float | None = None
    last_output_age_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """A beat of the engine's own thread, written to `heartbeat.json` every few seconds."""

    pid: int
    process_started: float
    """Start time of the process, so that a recycled pid is not taken for it."""
    time: float
    phase: str
    activities: tuple[Activity, ...] = ()
    deadline: float | None = None
    """When the search must hand over to the finish, seconds since the epoch."""
    ends: float | None = None
    """When the time limit is reached, seconds since the epoch."""
    last_event: int = -1


def read_pulse(run_folder: Path) -> Pulse | None:
    """Return the last beat of a run, or None when there is none or it cannot be read."""
    try:
        return decode(Pulse, json.loads((run_folder / "heartbeat.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def pulse_json(pulse: Pulse) -> str:
    """Return `pulse` as the text of `heartbeat.json`."""
    return json.dumps(encode(pulse), indent=1) + "\n"
