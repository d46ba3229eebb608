"""Writes docs/events.md, the page of what a run writes into its journal."""

from __future__ import annotations

from page_parts import DOCS, code, fields_of, opening, table

from assay.journal.events import COMMON, PAYLOADS, EvidenceFinding, Payload

PAGE = DOCS / "events.md"

HEAD = opening(
    "Events",
    """
The file `events.jsonl` in a run's folder is the truth of the run: one line for each thing that happened, flushed as
it is written, in order. Tables, reports and the dashboard are derived from it, and `assay resume` goes on from it. A
line is a JSON object:

| field | meaning |
| --- | --- |
| `number` | 0 for the first line. |
| `time` | Seconds since the epoch, for people; the order is that of `number`. |
| `kind` | Which event it is. |
| `previous` | Digest of the line before; empty for the first. |
| `data` | The fields below. A field that equals its default is left out. |
| `digest` | Digest of the other five, so that a line that was changed later is found: `assay audit` looks. |

An event only ever gains fields with defaults, so that old journals stay readable. `assay schema events` prints all of
it, nested records too, as JSON Schema; `assay logs` prints the events of a run in words.
""",
    "src/assay/journal/events/",
)


def page() -> str:
    """Return the page."""
    overview = table(
        ("kind", "when it is written"), ((f"[{kind}](#{kind})", summary(cls)) for kind, cls in PAYLOADS.items())
    )
    parts = [HEAD, overview]
    for kind, cls in PAYLOADS.items():
        parts += [f"## {kind}\n\n{cls.__doc__}\n", fields_text(cls)]
        if kind == "evidence-verified":
            parts += [f"Each of its `findings`:\n\n{fields_text(EvidenceFinding)}"]
    return "\n".join(parts)


def summary(cls: type[Payload]) -> str:
    return (cls.__doc__ or "").partition("\n")[0]


def fields_text(cls: type[object]) -> str:
    """Return the fields of a record.

    Raises:
        LookupError: One of them says nowhere what it means.
    """
    rows = []
    for field in fields_of(cls):
        words = field.words or COMMON.get(field.name, "")
        if not words:
            raise LookupError(f"{cls.__name__}.{field.name} has no text under it")
        default = "needed" if not field.default else code(field.default)
        rows.append((code(field.name), code(field.type), default, words))
    return table(("field", "type", "default", "meaning"), rows)
