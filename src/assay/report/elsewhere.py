"""Measured elsewhere: what a leaderboard said of trials, beside what the search said. Told, and never ranked."""

from __future__ import annotations

from assay.core.clock import iso_utc
from assay.report.document import Block, Cell, Column, Paragraph, Plot, Said, Section, Table
from assay.report.elsewhere_numbers import ORDER, Noted, most_noted, noted_of
from assay.report.formatting import MISSING, format_score
from assay.report.telling import Teller

PLOT = "elsewhere"


def elsewhere_section(teller: Teller) -> Section | None:
    """Return the scores that a person noted; None where there are none."""
    found = noted_of(teller.facts)
    if not found:
        return None
    lead: Cell = (
        "A person wrote these down. Assay did not measure them, ranks nothing by them and shows them to no model. "
        "Whoever chooses by them uses up what they are worth as a check.",
    )
    columns = (
        Column("Trial"),
        Column("Search score", right=True),
        Column("Measured elsewhere", right=True),
        Column("Where"),
        Column("Noted (UTC)"),
    )
    rows = tuple(_row(teller, noted) for noted in found)
    blocks: list[Block] = [Paragraph(lead), Table(columns=columns, rows=rows)]
    compared = most_noted(teller.facts)
    if compared is not None:
        blocks += [
            Plot(name=PLOT, alt="Search score of each trial against its score elsewhere"),
            Paragraph(_order(teller, compared)),
        ]
    return Section(name="elsewhere", title="Measured elsewhere", blocks=tuple(blocks))


def _row(teller: Teller, noted: Noted) -> tuple[Cell, ...]:
    here = teller.measured(noted.trial) if noted.trial.score is not None else (MISSING,)
    there: Cell = (teller.ledger.cite(noted.name, as_noted(noted.score)),)
    return (teller.named(noted.trial), here, there, (Said(noted.where),), (iso_utc(noted.time),))


def as_noted(score: float) -> str:
    """Return a score with the digits that it was noted with, at most six."""
    return format_score(score, decimals=len(f"{score:.6g}".partition("e")[0].partition(".")[2]))


def _order(teller: Teller, compared: list[Noted]) -> Cell:
    pairs = int(teller.ledger[f"{ORDER}.pairs"].value)
    if not pairs:
        return ("One of the two calls every pair of these trials equal, so that their orders cannot be compared.",)
    return (
        "Search and ",
        Said(compared[0].where),
        " put ",
        *teller.count(f"{ORDER}.same"),
        " of ",
        *teller.count(f"{ORDER}.pairs"),
        f" pair{'s' if pairs != 1 else ''} of trials in the same order.",
    )
