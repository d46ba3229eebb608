"""The notebooks of a run in its report: every iteration or round, what it scored, what came of it."""

from __future__ import annotations

from assay.report.document import Cell, Column, Mono, Paragraph, Said, Section, Table, Tag
from assay.report.formatting import MISSING
from assay.report.prose import clean_line
from assay.report.telling import Teller
from assay.strategies.notebook.record import IterationRecord, RoundRecord, base_of, iterations_of, rounds_of


def notebook_section(teller: Teller) -> Section | None:
    """Return what the notebooks of a run showed; None for a run that has none."""
    history = teller.facts.history
    records: tuple[IterationRecord | RoundRecord, ...] = (*iterations_of(history), *rounds_of(history))
    if not records:
        return None
    base = base_of(history)
    lead: Cell = ("Every notebook has a baseline inside it, which the same grader scores on the same folds. ",)
    if base is not None:
        inside = "the one inside " if base.inner else ""
        trial = teller.ref(history.trials[base.trial])
        lead = (f"The locked baseline is {inside}", trial, "; every gain is against it. ")
    name = "optimization_history.md" if base is not None else "experiment_report.md"
    table = Table(
        columns=(
            Column("#", right=True),
            Column("Idea, in its author's words"),
            Column(f"{teller.facts.metric.name} ± SE", right=True),
            Column("What came of it"),
            Column("Why"),
        ),
        rows=tuple(_row(teller, record) for record in records),
    )
    blocks = (Paragraph((*lead, "Scores by fold, gains and tests are in ", Mono(name), ".")), table)
    return Section(name="notebooks", title="Notebooks", blocks=blocks)


def _row(teller: Teller, record: IterationRecord | RoundRecord) -> tuple[Cell, ...]:
    trial = teller.facts.history.trials.get(record.trial) if record.trial is not None else None
    status = record.status if isinstance(record, IterationRecord) else record.verdict
    return (
        (teller.ref(trial),) if trial is not None else (MISSING,),
        (Said(clean_line(record.title or "none", 120)),),
        teller.measured(trial) if trial is not None and trial.score is not None else (MISSING,),
        (Tag(str(status)),),
        (Said(clean_line(record.problem, 200)),) if record.problem else ("",),
    )
