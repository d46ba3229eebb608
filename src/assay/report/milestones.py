"""Milestones: how a run went, moment by moment, in its report."""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.clock import iso_utc
from assay.core.trial import Verdict
from assay.journal.history import History, Trial
from assay.report.document import (
    Cell,
    Column,
    Said,
    Section,
    Table,
)
from assay.report.phase_words import CUT, ENDED, NOTES, SIZES, Layout, cut_words, note_words, skipped_by
from assay.report.prose import clean_line
from assay.report.telling import Teller


def story_section(teller: Teller) -> Section | None:
    """Return the milestones in order of time; None for a run without any."""
    rows = tuple((when, what) for when, what in milestones(teller))
    if not rows:
        return None
    table = Table(columns=(Column("When (UTC)"), Column("What")), rows=tuple(((iso_utc(t),), cell) for t, cell in rows))
    return Section(name="story", title="Story", blocks=(table,))


def milestones(teller: Teller) -> list[tuple[float, Cell]]:
    """Return new bests, rejections, words of people and remarks, each with its time in seconds since the epoch."""
    facts = teller.facts
    found: list[tuple[float, Cell]] = [(time, (f"phase {phase}",)) for time, phase in facts.history.phases]
    found += _phases(facts.history)
    seen: Trial | None = None
    for trial, best in facts.curve:
        if best is trial and trial is not seen:
            found.append((trial.finished, ("new best: ", *teller.named(trial), " with ", *teller.measured(trial))))
            seen = trial
    for trial in facts.with_verdict(Verdict.REJECTED):
        found.append((trial.finished, ("rejected: ", *teller.named(trial))))
    for time, text in facts.history.told:
        found.append((time, ("somebody told the run: ", Said(clean_line(text, 300)))))
    for time, text in facts.history.blocks:
        found.append((time, ("somebody wanted this code refined first: ", Said(clean_line(text, 300)))))
    for time, remark in facts.history.remarks:
        found.append((time, (f"{clean_line(remark.code, 8)}: ", Said(clean_line(remark.text, 300)))))
    return sorted(found, key=lambda item: item[0])


def _phases(history: History) -> Iterator[tuple[float, Cell]]:
    """Yield where phases of the strategy begin, and where one is cut short."""
    layout = Layout.of_history(history)
    for key, value in history.notes.items():
        phase, _, what = key.removeprefix(NOTES).rpartition("/")
        if key.startswith(NOTES) and what == "begun":
            yield history.noted_at[key], (layout.doing(phase),)
        elif key.startswith(NOTES) and what == CUT:
            if f"{NOTES}{phase}/ended" not in history.notes:
                yield history.noted_at[key], (f"{layout.doing(phase)} ", Said(clean_line(cut_words(value), 300)))
        elif key == SIZES or (key.startswith("step-") and key.endswith("/sizes")):
            yield history.noted_at[key], (note_words(key, value, layout),)
        elif key.startswith(NOTES) and (reason := skipped_by(value)):
            early = "ended" if phase.endswith(ENDED) else "skipped"
            yield history.noted_at[key], (f"{layout.doing(phase)} {early}: ", Said(clean_line(reason, 300)))
