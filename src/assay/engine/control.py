"""Control: how another process steers a running engine: one small file a message, taken in the order of their names."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from assay.core.clock import Clock, SystemClock
from assay.core.codec import decode, encode
from assay.core.files import write_whole
from assay.core.finish_plan import FinishPlan
from assay.journal.events import ScoredElsewhere, Wish
from assay.models.scrub import scrub


class Verb(StrEnum):
    """What a message asks for."""

    TELL = "tell"
    """`text` is shown to every later question."""
    STOP = "stop"
    """End the search, then finish up: blend, sealed check, final fit."""
    STOP_NOW = "stop-now"
    """End at once; `resume` continues."""
    SKIP = "skip"
    """End what runs of `trial`, or of all trials under way, and go on with the next."""
    FINISH = "finish"
    """End the search at the time of `plan`, then finish up; without a plan, take back the one there is."""
    PAUSE = "pause"
    """Start nothing new; what is under way ends."""
    CONTINUE = "continue"
    """Go on."""
    NOTE = "note"
    """Write down `scored`: a score that was measured elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to the engine."""

    verb: Verb
    text: str = ""
    what: Wish = Wish.REMARK
    """What the text is."""
    plan: FinishPlan | None = None
    trial: int | None = None
    scored: ScoredElsewhere | None = None


def send(run_folder: Path, message: Message, *, clock: Clock | None = None) -> Path:
    """Leave `message` for the engine that holds the run; return the file, which the engine removes on reading.

    Secrets of this environment are masked in its text, since it goes into the journal.
    """
    folder = run_folder / "control"
    folder.mkdir(exist_ok=True)
    stamp = int((clock or SystemClock()).now() * 1000)
    path = folder / f"{stamp:015d}-{uuid.uuid4().hex[:8]}.json"
    write_whole(path, json.dumps(encode(_scrubbed(message))))
    return path


def _scrubbed(message: Message) -> Message:
    plan = None if message.plan is None else replace(message.plan, note=scrub(message.plan.note))
    scored = None if message.scored is None else replace(message.scored, where=scrub(message.scored.where))
    return replace(message, text=scrub(message.text), plan=plan, scored=scored)


def take(run_folder: Path) -> list[Message]:
    """Return the waiting messages, oldest first, and remove them; unreadable ones are dropped."""
    messages = []
    for path in sorted((run_folder / "control").glob("*.json")):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            messages.append(decode(Message, json.loads(path.read_text(encoding="utf-8"))))
        path.unlink(missing_ok=True)
    return messages
