"""Sources: what retrieval may draw on for a run's task, from the catalogue and from the person who runs it."""

from __future__ import annotations

from assay.engine.parts import Parts
from assay.engine.session import Session
from assay.models.catalogue import DATED, Hit, search
from assay.models.roles import Known
from assay.operators.star.start import Sources

SHOWN = 6
"""Entries of the catalogue that the retriever sees: more than it is asked for, so that it has a choice."""


def sources_of(session: Session, hints: tuple[str, ...], *, web: bool) -> Sources:
    """Return the catalogue's entries that fit the task, the hints, and whether the web may be searched.

    What the catalogue offers is noted: a resumed run puts the same questions whatever catalogue or machine it has then.
    """
    noted = session.note("mle_star/known", lambda: [_known(hit).model_dump() for hit in _hits(session.parts)])
    return Sources(known=tuple(Known.model_validate(known) for known in noted), hints=hints, search=web)


def _hits(parts: Parts) -> list[Hit]:
    machine = parts.machine
    trial_s = machine.trial_timeout_s
    return search(parts.task, parts.profile, machine.packages, bool(machine.gpu), SHOWN, trial_s=trial_s)


def _known(hit: Hit) -> Known:
    entry = hit.entry
    summary = [entry.summary.strip(), f"Cost: {entry.cost.words.strip()}"]
    if hit.missing:
        summary.append(f"Not installed here: {', '.join(hit.missing)}.")
    summary += [f"Mind: {pitfall.strip()}" for pitfall in entry.pitfalls[:2]]
    summary += [source.line for source in entry.sources[:1]]
    dated = f"{hit.why.strip()} (catalogue of {DATED:%B %Y})"
    return Known(name=entry.title, summary=" ".join(summary), why=dated, example=entry.example.strip())
