"""The outline of a report: its sections in order."""

from __future__ import annotations

from assay.report import (
    blended,
    costs,
    elsewhere,
    failures,
    milestones,
    opening,
    provenance,
    results,
    searched,
    setting,
    trust,
    validation,
)
from assay.report.document import Document
from assay.report.facts import Facts
from assay.report.ledger import Ledger
from assay.report.notebook.section import notebook_section
from assay.report.prose import clean_line
from assay.report.telling import Teller, verify


def build_document(facts: Facts, ledger: Ledger) -> Document:
    """Return the whole report.

    Raises:
        UnbackedNumber: A sentence would hold a number of its author's that nothing backs (E407).
        KeyError: A sentence would hold a number of ours without evidence.
    """
    teller = Teller(facts, ledger)
    sections = [
        opening.next_steps(teller),
        setting.task_section(teller),
        results.method_section(teller),
        results.results_section(teller),
        elsewhere.elsewhere_section(teller),
        notebook_section(teller),
        blended.blend_section(teller),
        searched.search_section(teller),
        results.mattered_section(teller),
        failures.failures_section(teller),
        validation.checks_section(teller),
        trust.threats_section(teller),
        milestones.story_section(teller),
        costs.cost_section(teller),
        provenance.reproduce_section(teller),
        provenance.provenance_section(teller),
    ]
    document = Document(
        title=opening.title(teller),
        run=clean_line(facts.run, 80),
        draft=opening.draft(teller),
        answer=opening.answer(teller),
        headline=opening.headline(teller),
        box=opening.box(teller),
        sections=tuple(section for section in sections if section is not None),
    )
    verify(document, ledger)
    return document
