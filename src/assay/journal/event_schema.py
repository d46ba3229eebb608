"""The JSON Schema of events.jsonl, for programs that read a run without Assay."""

from __future__ import annotations

from typing import Any

from assay.journal.events import PAYLOADS


def event_schema() -> dict[str, Any]:
    """Return the schema of one line of a journal. Fields that equal their default are left out of a line."""
    from pydantic import TypeAdapter

    definitions: dict[str, Any] = {}
    lines = []
    for kind, payload in PAYLOADS.items():
        data = TypeAdapter(payload).json_schema(mode="serialization")
        definitions |= data.pop("$defs", {})
        lines.append({"properties": {"kind": {"const": kind}, "data": data}})
    fields = {
        "number": {"type": "integer", "minimum": 0, "description": "0 for the first event of a run."},
        "time": {"type": "number", "description": "Seconds since the epoch, for people; order is by number."},
        "kind": {"enum": list(PAYLOADS)},
        "previous": {"type": "string", "description": "Digest of the line before; empty for the first."},
        "data": {"type": "object"},
        "digest": {"type": "string", "description": "Digest of the other fields of this line."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of events.jsonl of Assay",
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "oneOf": lines,
        "$defs": definitions,
    }
