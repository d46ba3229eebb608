"""Sources: what retrieval may draw on for a run's task, from the catalogue and from the person who runs it."""

from __future__ import annotations

from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.engine.session import Session
from assay.models.catalogue import DATED, Hit, search
from assay.models.roles import Known, Machine
from assay.operators.star.start import Sources

SHOWN = 6
"""Entries of the catalogue that a retriever sees: more than it is asked for, so that it has a choice."""


def sources_of(session: Session, hints: tuple[str, ...], *, web: bool, paths: int, models: int) -> tuple[Sources, ...]:
    """Return what each path may draw on: entries of the catalogue, the hints, and whether the web may be searched.

    What the catalogue offers is noted: a resumed run puts the same questions whatever catalogue or machine it has then.

    Args:
        session: Notes, and knows task, data and machine.
        hints: What a person wants tried.
        web: Whether the model may look on the web.
        paths: Searches with a retrieval of their own, at least 1.
        models: How many each starts from.
    """
    dealt: list[list[Hit]] = []

    def hits() -> list[list[Hit]]:
        # Both notes are of one look.
        if not dealt:
            parts = session.parts
            dealt.extend(deal(parts.task, parts.profile, parts.machine, paths=paths, models=models))
        return dealt

    known = session.note("mle_star/known", lambda: [_known(hit).model_dump() for hit in _each_once(hits())])
    names = session.note("mle_star/dealt", lambda: [[hit.entry.title for hit in hand] for hand in hits()])
    entries = {entry.name: entry for entry in map(Known.model_validate, known)}
    return tuple(
        Sources(known=tuple(entries[name] for name in hand if name in entries), hints=hints, search=web)
        for hand in names
    )


def deal(task: Task, profile: DataProfile, machine: Machine, *, paths: int, models: int) -> list[list[Hit]]:
    """Return the entries for each path, the best first.

    A path is not offered what the paths before it would take first, so that not all begin with the same families; and
    what cannot run here is left out. Where too little is left for a path, the favourites come back behind the rest, and
    after them what lacks a package, marked as such.
    """

    def found(exclude: set[str], *, only_runnable: bool) -> list[Hit]:
        packages, trial_s = machine.packages, machine.trial_timeout_s
        gpu = bool(machine.gpu)
        return search(task, profile, packages, gpu, SHOWN, exclude, trial_s=trial_s, only_runnable=only_runnable)

    taken: set[str] = set()
    hands = []
    for _ in range(paths):
        hand: list[Hit] = []
        for tried, only_runnable in ((taken, True), (set[str](), True), (taken, False), (set[str](), False)):
            if len(hand) < models:
                held = {hit.entry.name for hit in hand}
                hand += found(tried | held, only_runnable=only_runnable)
        hands.append(hand[:SHOWN])
        taken |= {hit.entry.name for hit in hand[:models]}
    return hands


def _each_once(hands: list[list[Hit]]) -> list[Hit]:
    return list({hit.entry.name: hit for hand in hands for hit in hand}.values())


def _known(hit: Hit) -> Known:
    entry = hit.entry
    summary = [entry.summary.strip(), f"Cost: {entry.cost.words.strip()}"]
    if hit.missing:
        summary.append(f"Not installed here: {', '.join(hit.missing)}.")
    summary += [f"Mind: {pitfall.strip()}" for pitfall in entry.pitfalls[:2]]
    summary += [source.line for source in entry.sources[:1]]
    dated = f"{hit.why.strip()} (catalogue of {DATED:%B %Y})"
    return Known(name=entry.title, summary=" ".join(summary), why=dated, example=entry.example.strip())
