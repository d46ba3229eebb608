"""What of a run did not come off, in its report."""

from __future__ import annotations

from assay.core.trial import TrialState, Verdict
from assay.journal.history import Trial
from assay.report.document import (
    Block,
    Cell,
    Code,
    Column,
    Items,
    Mono,
    Paragraph,
    Said,
    Section,
    Table,
    Tag,
)
from assay.report.facts import Facts
from assay.report.prose import clean, clean_line
from assay.report.results import IDEA
from assay.report.telling import Teller

MOST_ROWS = 60


def failures_section(teller: Teller) -> Section:
    """Return what failed, what was rejected and what was no gain, with reasons."""
    facts = teller.facts
    blocks: list[Block] = []
    if facts.unranked:
        blocks.append(_reasons(teller, facts.unranked))
    blocks += _last_words(facts, facts.in_state(TrialState.FAILED))
    claims = [t for t in facts.ranking if (claim := facts.claim(t)) is not None and claim.differs]
    if claims:
        blocks.append(Paragraph(("Scripts whose own claim differs from what was graded:",)))
        blocks.append(Items(tuple(_claim(teller, trial) for trial in claims[:MOST_ROWS])))
    repaired = [t for t in facts.counted if t.repairs]
    if repaired:
        blocks.append(Paragraph(("Mended on the way; every attempt is kept in ", Mono("attempts/"), " of its trial:")))
        blocks.append(Items(tuple(_repair(teller, trial) for trial in repaired[:MOST_ROWS])))
    blocks.append(Paragraph(_no_gain(teller)))
    return Section(name="failed", title="What failed, was rejected or brought nothing", blocks=tuple(blocks))


def _reasons(teller: Teller, trials: list[Trial]) -> Table:
    more = len(trials) - MOST_ROWS
    return Table(
        columns=(Column("#", right=True), IDEA, Column("State"), Column("Reason")),
        rows=tuple(
            (
                (teller.ref(trial),),
                teller.idea(trial),
                (Tag(str(trial.state)),),
                (Said(clean_line("; ".join(_why(trial)), 400)),),
            )
            for trial in trials[:MOST_ROWS]
        ),
        caption=(f"{more:,} more are in leaderboard.csv.",) if more > 0 else (),
    )


def _why(trial: Trial) -> list[str]:
    judged = trial.judgement.reasons if trial.judgement and trial.verdict is Verdict.REJECTED else ()
    return list(dict.fromkeys([*judged, trial.reason or "no reason was recorded"]))


def _last_words(facts: Facts, failed: list[Trial]) -> list[Block]:
    blocks: list[Block] = []
    for trial in failed[:5]:
        tails = [m.execution.log_tail for m in facts.measurements(trial.number) if m.execution]
        if tails and tails[-1].strip():
            text = "\n".join(clean(tails[-1], 4000).strip().splitlines()[-20:])
            blocks.append(Code(summary=f"The last lines that #{trial.number} printed", text=text))
    return blocks


def _claim(teller: Teller, trial: Trial) -> Cell:
    return (
        *teller.named(trial),
        ": claimed by the script ",
        *teller.score(f"trial.{trial.number}.claimed"),
        ", graded ",
        *teller.score(f"trial.{trial.number}.score"),
    )


def _repair(teller: Teller, trial: Trial) -> Cell:
    last = trial.repairs[-1]
    times = "once" if len(trial.repairs) == 1 else f"{len(trial.repairs)} times"
    how = f", {times} by {clean_line(last.by, 40)}: "
    return (*teller.named(trial), how, *teller.said(last.cause, 200), f" (now {trial.state})")


def _no_gain(teller: Teller) -> Cell:
    facts = teller.facts
    counts = {v: len(facts.with_verdict(v)) for v in (Verdict.REAL, Verdict.MAYBE, Verdict.NOISE)}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return (f"Verdicts of all that was tried: {told}. Everything discarded is kept under ", Mono("trials/"), ".")
