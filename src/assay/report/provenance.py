"""Provenance: how a run is done again, and where every paragraph of its report comes from."""

from __future__ import annotations

from assay.core.clock import iso_utc
from assay.report.document import (
    Cell,
    Document,
    Items,
    Mono,
    Num,
    Section,
    Terms,
    cells_of,
)
from assay.report.ledger import Ledger
from assay.report.prose import clean_line
from assay.report.telling import Teller


def reproduce_section(teller: Teller) -> Section:
    """Return the commands and digests with which the result can be had again."""
    facts = teller.facts
    history, started = facts.history, facts.history.started
    rows: list[tuple[str, Cell]] = []
    if started is not None:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(started.versions.items()))
        model = clean_line(started.model, 80)
        rows += [
            ("Strategy", (f"{clean_line(started.strategy, 40)}, seed {started.seed}, answers from {model}",)),
            ("Task", (Mono(started.task_digest),)),
            ("Data", (Mono(history.task.data_digest or "unknown"),)),
            ("Versions", (Mono(clean_line(versions, 2000) or "unknown"),)),
        ]
    if facts.winner is not None and facts.winner.score is not None:
        candidate = facts.candidate(facts.winner)
        rows.append(("Winner's files", (Mono(candidate.digest if candidate else "missing"),)))
    if history.submission is not None:
        rows.append(("Submission", (Mono(history.submission.digest), " ", *teller.count("submission.rows", "row"))))
    if history.last is not None:
        rows.append(
            ("Journal", (Mono(history.last.digest), f" event {history.last.number:,}, {iso_utc(history.last.time)}"))
        )
    commands: tuple[Cell, ...] = (
        ("Make this report again from the journal: ", Mono(f"assay report {facts.run}"), "."),
        ("See every trial, discarded ones too: ", Mono(f"assay top {facts.run}"), " and ", Mono("history.md"), "."),
        ("Run the winner by hand: see ", Mono("best/README.md"), "."),
    )
    return Section(
        name="reproduce", title="How to reproduce", blocks=(Items(commands, ordered=True), Terms(tuple(rows)))
    )


def provenance_section(teller: Teller) -> Section:
    """Return who wrote what."""
    author = clean_line(teller.author, 80)
    items: tuple[Cell, ...] = (
        (
            "Numbers: inserted by code from ",
            Mono("report.json"),
            "; each links to its evidence below.",
        ),
        ("Sentences and headings: fixed texts of Assay, chosen by the journal.",),
        (f"Ideas, plans and causes of repairs: written by {author}, shown as quotations, verified by nobody.",),
        ("Scripts, logs and claims: written by candidates. The task's statement and hints: written by the user.",),
        ("Verdicts: computed from paired folds; no language model judges anything that ranks.",),
    )
    return Section(name="provenance", title="Who wrote what", blocks=(Items(items),))


def evidence_rows(document: Document, ledger: Ledger) -> list[tuple[str, str, str, str]]:
    """Return id, exact value, where it comes from and where to look, for every number that the report shows."""
    rows = []
    shown = (part.ref for cell in cells_of(document) for part in cell if isinstance(part, Num))
    for name in dict.fromkeys(shown):
        number = ledger[name]
        where = [f"#{number.trial}"] if number.trial is not None else []
        where += [", ".join(number.views)] if number.views else []
        where += [number.basis] if number.basis else []
        value = f"{number.value!r}" if isinstance(number.value, float) else str(number.value)
        digests = f" · predictions {number.digests[0][:12]}" if number.digests else ""
        rows.append(
            (name, f"{value} {number.unit}".strip(), f"{number.source}: {' · '.join(where)}", number.file + digests)
        )
    return rows
