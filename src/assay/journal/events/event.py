"""One line of the journal: a payload, its place and the chain of digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.core.codec import decode, encode
from assay.core.digest import canonical_json, digest_text
from assay.journal.events.kinds import PAYLOADS
from assay.journal.events.payload import Payload


@dataclass(frozen=True)
class Event:
    """One line of the journal: a payload, its place and the chain of digests."""

    number: int
    """0 for the first event of a run."""
    time: float
    """Seconds since the epoch, for people; order is by `number`."""
    payload: Payload
    """What happened."""
    previous: str
    """Digest of the event before; empty for the first."""
    digest: str
    """Digest of the other fields."""

    @classmethod
    def after(cls, previous: Event | None, *, time: float, payload: Payload) -> Event:
        """Return the event that follows `previous`.

        Args:
            previous: The last event; None for the first of a run.
            time: Seconds since the epoch; kept to the millisecond.
            payload: What happened.
        """
        number = 0 if previous is None else previous.number + 1
        chain = "" if previous is None else previous.digest
        body = _body(number, round(time, 3), payload, chain)
        return cls(number, round(time, 3), payload, chain, digest_text(canonical_json(body)))

    def as_dict(self) -> dict[str, Any]:
        """Return the event as JSON values, digest included."""
        return {**_body(self.number, self.time, self.payload, self.previous), "digest": self.digest}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Event:
        """Return the event that `as_dict` made `value` from, its digest unchecked.

        Raises:
            KeyError, TypeError, ValueError: `value` is no event of this version.
        """
        payload = decode(PAYLOADS[value["kind"]], value["data"])
        return cls(value["number"], value["time"], payload, value["previous"], value["digest"])


def body_digest(value: Mapping[str, Any]) -> str:
    """Return the digest that a line's own fields give, whatever its `digest` field claims."""
    return digest_text(canonical_json({key: item for key, item in value.items() if key != "digest"}))


def _body(number: int, time: float, payload: Payload, previous: str) -> dict[str, Any]:
    return {"number": number, "time": time, "kind": payload.kind, "previous": previous, "data": encode(payload)}
