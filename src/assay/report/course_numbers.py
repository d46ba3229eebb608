"""Enters the numbers of the search's course into the ledger."""

from __future__ import annotations

from assay.journal.history import Trial
from assay.report.course import Phase, Plan, course_of
from assay.report.facts import Facts
from assay.report.ledger import Ledger, Source


def phase_name(phase: Phase) -> str:
    """Return the id under which the time of a phase is entered."""
    return f"phase.{phase.step}.{phase.name}.seconds"


def step_pairs(facts: Facts) -> list[tuple[Trial, Trial]]:
    """Return the trials of plans, each with the one that it was to beat."""
    course = course_of(facts)
    if course is None:
        return []
    plans: list[Plan] = [plan for block in course.blocks for plan in block.plans] + list(course.rounds)
    return [(plan.trial, plan.against) for plan in plans if plan.trial is not None and plan.against is not None]


def enter_course(ledger: Ledger, facts: Facts) -> None:
    """Enter the time of every phase, what the catalogue offered, and what was looked at for leaks."""
    course = course_of(facts)
    if course is None:
        return
    for phase in course.phases:
        seconds = None if phase.seconds is None else round(phase.seconds, 3)
        ledger.add(phase_name(phase), seconds, Source.MEASURED, unit="s", basis="times of the notes on the phase")
    ledger.add("catalogue.offered", course.offered, Source.COUNTED, basis="note on what the catalogue offers")
    ledger.add("leaks.looked", course.looked, Source.COUNTED, basis="answers of the role leakage")
    ledger.add("leaks.rewritten", course.rewritten, Source.COUNTED, basis="answers of the role code to a leak")
