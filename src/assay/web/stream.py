"""Stream: what a run's journal gains, as server-sent events. Their ids are the numbers of the journal's events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from typing import Any

import anyio
from anyio import to_thread

from assay.core.errors import AssayError
from assay.engine.pulse import Pulse
from assay.report.liveness import Life
from assay.web.library import Library
from assay.web.view import Mark, RunReader

POLL_S = 0.5
SILENCE_S = 15.0
"""After so long without a word a comment is sent, so that nobody takes the connection for a dead one."""
MOST_AT_ONCE = 100
"""Events that are announced one by one; of more at once, only the last is, with their number."""


async def stream_events(
    library: Library, name: str, since: int, ended: Callable[[], bool], *, poll_s: float = POLL_S
) -> AsyncIterator[bytes]:
    """Yield a run's events from number `since` on, then each as it comes, until `ended` or the run is gone.

    Messages: `journal` (an event, or several at once), `pulse` (a heartbeat), `life` (the run is doing otherwise than
    before: its process may have gone without a word), `replaced` (the journal is another one now: load the page again)
    and `gone` (with the error; the last message).

    Args:
        library: Where the run is found.
        name: Of the run.
        since: Number of the first event to be sent.
        ended: Whether the server is going down.
        poll_s: Seconds between two looks at the journal.
    """
    epoch: int | None = None
    beat: float | None = None
    life: Life | None = None
    silent_s = 0.0
    yield b"retry: 2000\n\n"
    reader: RunReader | None = None
    while not ended():
        try:
            # Held as long as somebody follows: with more runs open than are kept, each would be read again and again.
            reader = reader or library.reader(name)
            count, pulse, now = await to_thread.run_sync(_look, reader)
        except AssayError as error:
            yield message("gone", error.as_dict())
            return
        chunks: list[bytes] = [message("replaced", {})] if epoch not in (None, reader.epoch) else []
        since = 0 if chunks else min(since, count)
        epoch = reader.epoch
        chunks += [message("journal", value, number) for number, value in _news(reader.marks(since))]
        since = count
        if pulse is not None and pulse.time != beat:
            chunks += [message("pulse", _beat(pulse))] if beat is not None else []
            beat = pulse.time
        chunks += [message("life", {"life": now})] if life not in (None, now) else []
        life = now
        silent_s = 0.0 if chunks else silent_s + poll_s
        if silent_s >= SILENCE_S:
            chunks, silent_s = [b": still here\n\n"], 0.0
        for chunk in chunks:
            yield chunk
        await anyio.sleep(poll_s)


def message(event: str, value: Any, number: int | None = None) -> bytes:
    """Return one server-sent event."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {event}\ndata: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


def _look(reader: RunReader) -> tuple[int, Pulse | None, Life | None]:
    """Return how many events there are, the last heartbeat, and how the run is doing."""
    if not reader.catch_up():
        return 0, None, None
    with reader.view() as run:
        return run.events, run.pulse, run.liveness.life


def _news(marks: Sequence[Mark]) -> list[tuple[int, dict[str, Any]]]:
    if len(marks) <= MOST_AT_ONCE:
        return [(mark.number, asdict(mark)) for mark in marks]
    return [(marks[-1].number, {**asdict(marks[-1]), "of": len(marks)})]


def _beat(pulse: Pulse) -> dict[str, Any]:
    return {"time": pulse.time, "activities": len(pulse.activities)}
