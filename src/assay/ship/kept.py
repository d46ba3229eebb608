"""Kept: whether a run's journal and the objects that it names are what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.core.digest import digest_file
from assay.core.errors import NothingFound
from assay.journal import events as ev
from assay.journal.events import Event, body_digest


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Whether the journal is what was written."""

    events: int
    """Whole events before the first that does not fit."""
    broken: str = ""
    """Where and how it is broken; empty if it is not."""
    last: str = ""
    """Digest of the last whole event."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The objects that the journal names."""

    whole: int
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def read_chain(path: Path) -> tuple[list[Event], Chain]:
    """Return the events of a journal up to the first that does not fit, and where that is."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NothingFound("E201", f"{str(path)!r} cannot be read: {error}", fix="assay ls") from error
    events: list[Event] = []
    previous, broken = "", ""
    for index, line in enumerate(content.split(b"\n")[:-1]):
        try:
            value = json.loads(line)
            if value["previous"] != previous:
                raise ValueError("it does not follow the line before it")
            if value["digest"] != body_digest(value):
                raise ValueError("its digest is not that of its content")
            events.append(Event.from_dict(value))
        except (ValueError, KeyError, TypeError) as error:
            broken = f"line {index + 1} is not what was written: {error}"
            break
        previous = events[-1].digest
    return events, Chain(events=len(events), broken=broken, last=previous)


def kept_objects(events: list[Event], root: Path) -> Kept:
    """Return which of the objects that the events name are below `root`, and whether they are what was written."""
    whole, missing, changed = 0, [], []
    for digest in sorted(set(_named(events))):
        path = next(
            (p for p in (root / digest[:2] / digest, root / digest[:2] / digest[2:], root / digest) if p.is_file()),
            None,
        )
        if path is None:
            missing.append(digest)
        elif digest_file(path) != digest:
            changed.append(digest)
        else:
            whole += 1
    return Kept(whole=whole, missing=tuple(missing), changed=tuple(changed))


def _named(events: list[Event]) -> Iterator[str]:
    """Yield the digests of the objects that events name."""
    for event in events:
        payload = event.payload
        if isinstance(payload, ev.Answered) and payload.reply:
            yield payload.reply
        elif isinstance(payload, ev.RunStarted) and payload.given:
            yield payload.given
        elif isinstance(payload, ev.TrialCreated | ev.TrialFinished | ev.Repaired) and payload.candidate:
            yield payload.candidate
        elif isinstance(payload, ev.Executed):
            yield from payload.execution.outputs.values()
            if payload.execution.log:
                yield payload.execution.log
