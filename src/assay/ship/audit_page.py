"""The page and the lines of an audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.core.clock import iso_utc
from assay.core.trial import TrialState
from assay.report.document import Cell, Column, Document, Inline, Mono, Paragraph, Said, Section, Strong, Table, Terms
from assay.report.html import render_html
from assay.report.ledger import Ledger
from assay.report.prose import clean_line
from assay.ship.audit import Audit, counts

_MOST_ROWS = 5_000
"""Moments that the page shows; `events.jsonl` has all."""
_ENFORCED = ("T1", "T2", "T3", "external")
_NAMES = {
    "question": ("answer", "answers"),
    "edit": ("edit", "edits"),
    "score": ("end of a trial", "ends of trials"),
    "person": ("intervention", "interventions"),
    "holdout": ("opening of the sealed rows", "openings of the sealed rows"),
    "delivery": ("delivery", "deliveries"),
    "engine": ("remark or check", "remarks and checks"),
}


def findings(found: Audit) -> list[tuple[str, bool | None, str]]:
    """Return what a reader wants to know first: a name, whether it is in order (None: neither), and words."""
    return list(_findings(found))


def _findings(found: Audit) -> Iterator[tuple[str, bool | None, str]]:
    chain, kept, history = found.chain, found.kept, found.history
    yield (
        "journal",
        not chain.broken,
        chain.broken or f"{chain.events:,} events, the chain of digests is intact, ends in {chain.last[:12]}",
    )
    gone = f", {len(kept.missing):,} no longer there" if kept.missing else ""
    wrong = f"{len(kept.changed):,} are not what was written: {kept.changed[0][:12]}" if kept.changed else ""
    yield "objects", not kept.changed, wrong or f"{kept.whole:,} files of the journal are whole{gone}"
    yield "secrets", not found.secrets, _secret_words(found)
    tiers = [tier for tier in history.sandboxes if tier]
    enforced = bool(tiers) and all(tier in _ENFORCED for tier in tiers)
    yield (
        "sandbox",
        enforced,
        f"{', '.join(tiers)}: no file outside of it and no network for candidates"
        if enforced
        else f"{', '.join(tiers) or 'unknown'}: nothing kept candidates from files and network",
    )
    yield "hosts", None, "; ".join(f"{host} ({who})" for host, who in found.hosts.items()) or "none is in the journal"
    yield "holdout", found.chosen_after == 0, _holdout_words(found)
    people = len(found.people)
    yield "people", None, f"{people} intervention{'s' if people != 1 else ''}" if people else "nobody intervened"
    rejected = sum(trial.state is TrialState.REJECTED for trial in history.trials.values())
    yield "rejected", None, f"{rejected} of {len(history.trials)} trials were rejected by a check"
    yield "columns", None, _column_words(found)
    unknown = sum(not package.licence for package in found.packages)
    told = f", the licence of {unknown} is not known here" if unknown else ""
    yield "packages", None, f"{len(found.packages)} that candidates could import{told}"


def _secret_words(found: Audit) -> str:
    large = f"; {found.not_scanned} large files were not read" if found.not_scanned else ""
    if found.secrets:
        return f"what looks like a key is in {', '.join(found.secrets[:4])}{large}"
    return f"no file of the run holds what looks like a key{large}"


def _holdout_words(found: Audit) -> str:
    times = {0: "never opened", 1: "opened once"}.get(found.opened, f"opened {found.opened} times")
    if not found.opened:
        return times
    after = found.chosen_after
    return f"{times}; decisions that it could have informed: {after}" + (" (trials after it)" if after else "")


def _column_words(found: Audit) -> str:
    if not found.all_columns:
        return "not known"
    names = ", ".join(clean_line(name, 40) for name in found.columns[:8])
    more = " …" if len(found.columns) > 8 else ""
    named = f"the winner's code names {len(found.columns)} of {found.all_columns} columns"
    return f"{named}{f': {names}{more}' if names else ''}; others may be used all together"


def as_json(found: Audit) -> dict[str, Any]:
    """Return the whole audit as JSON values; words of models and people are left out."""
    return {
        "run": found.run,
        "sound": found.sound,
        "findings": [{"name": name, "ok": ok, "text": text} for name, ok, text in findings(found)],
        "events": found.chain.events,
        "broken": found.chain.broken or None,
        "last": found.chain.last,
        "objects": {
            "whole": found.kept.whole,
            "missing": list(found.kept.missing[:100]),
            "changed": list(found.kept.changed[:100]),
        },
        "secrets": found.secrets[:100],
        "hosts": found.hosts,
        "holdout": {"opened": found.opened, "decisions_after": found.chosen_after},
        "interventions": [{"time": iso_utc(one.at), "text": one.text} for one in found.people],
        "packages": [{"name": p.name, "version": p.version, "licence": p.licence or None} for p in found.packages],
        "columns": list(found.columns),
        "timeline": dict(counts(found)),
    }


def audit_html(found: Audit) -> str:
    """Return the page: one file that needs nothing else."""
    history = found.history
    summary = found.chain.broken or ("what was written" if found.sound else "not all in order")
    answer: Cell = (
        (Strong("The journal is broken: "), f"{found.chain.broken}. What follows rests on the events before it.")
        if found.chain.broken
        else (f"Journal and files of this run are {summary}.",)
    )
    rows = tuple((name, _cell(ok, text)) for name, ok, text in findings(found))
    document = Document(
        title=f"Audit of {clean_line(found.run, 80)}",
        run=clean_line(found.run, 80),
        draft="" if history.finished is not None else "The run had not ended when this was written.",
        answer=answer,
        headline=None,
        box=Terms(rows),
        sections=tuple(section for section in (_people(found), _timeline(found), _packages(found)) if section),
    )
    made = f"as of {iso_utc(history.last.time)}" if history.last else ""
    return render_html(document, Ledger(), {}, made=made)


def _cell(ok: bool | None, text: str) -> Cell:
    return (text,) if ok is not False else (Strong("Look: "), text)


def _people(found: Audit) -> Section | None:
    if not found.people:
        return None
    table = Table(
        columns=(Column("Time, UTC"), Column("What"), Column("Words")),
        rows=tuple((_time(m.at), (clean_line(m.text, 300),), _said(m.said)) for m in found.people),
    )
    return Section(name="people", title="What people did", blocks=(table,))


def _timeline(found: Audit) -> Section:
    number = counts(found)
    words = ", ".join(f"{number[what]:,} {names[number[what] > 1]}" for what, names in _NAMES.items() if number[what])
    shown = found.timeline[:_MOST_ROWS]
    table = Table(
        columns=(Column("Time, UTC"), Column("Kind"), Column("What"), Column("In its author's words")),
        rows=tuple((_time(m.at), (m.what,), (clean_line(m.text, 300),), _said(m.said)) for m in shown),
    )
    cut = f" The first {_MOST_ROWS:,} are shown." if len(found.timeline) > _MOST_ROWS else ""
    lead = Paragraph((f"{words}.{cut} Executions and single questions in full are in ", Mono("events.jsonl"), "."))
    return Section(name="timeline", title="Timeline", blocks=(lead, table))


def _packages(found: Audit) -> Section | None:
    if not found.packages:
        return None
    table = Table(
        columns=(Column("Package"), Column("Version"), Column("Licence")),
        rows=tuple(
            ((clean_line(p.name, 80),), (clean_line(p.version, 40),), (clean_line(p.licence, 120) or "not known here",))
            for p in found.packages
        ),
    )
    lead = Paragraph(("Those that candidates could import, with the licences that the installed ones state.",))
    return Section(name="packages", title="Packages and licences", blocks=(lead, table))


def _time(at: float) -> Cell:
    """Return day and time in UTC, which may stand on two lines but not break elsewhere."""
    day, _, time = iso_utc(at).partition("T")
    return (day.replace("-", "\N{NON-BREAKING HYPHEN}"), f" {time.removesuffix('Z')}")


def _said(text: str) -> tuple[Inline, ...]:
    return (Said(clean_line(text, 300)),) if text else ()
