"""Phases of a strategy's steps on the screens: where each path is, and which notes are worth a line."""

from __future__ import annotations

from dataclasses import replace

from assay.cli.display.labs import lab_words
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.journal.summary import Row, Summary
from assay.report.phase_words import NOTES, Layout, note_words, skipped_by

_FINISH = "finish"


def layout_of(summary: Summary) -> Layout:
    """Return which step of a run is what."""
    return Layout.of(summary.arguments, summary.first_steps.get("ensemble"))


def origin_of(history: History, trial: Trial) -> str:
    """Return `path 1, block 2, plan 3`: where a trial came from; empty where the strategy has no phases."""
    return Layout.of_history(history).origin(trial.key, trial.operator) if _has_phases(history) else ""


def placed(row: Row, layout: Layout | None) -> Row:
    """Return a row whose title begins with the trial's path and phase, `path 1 plan 2.3: `, where it has any."""
    place = layout.briefly(row.key, row.operator) if layout is not None else ""
    return replace(row, title=f"{place}: {row.title}") if place else row


def layout_known(known: Summary | History) -> Layout | None:
    """Return the layout of a run; None where its strategy has no phases."""
    if isinstance(known, History):
        return Layout.of_history(known) if _has_phases(known) else None
    return layout_of(known) if known.first_steps else None


def _has_phases(history: History) -> bool:
    return history.started is not None and any(key.startswith(NOTES) for key in history.notes)


def where(summary: Summary) -> list[str]:
    """Return where each step under way is, `path 1: merging`; empty where the strategy does not say or has ended."""
    if summary.finished is not None or summary.phase == _FINISH:
        return []
    layout = layout_of(summary)
    return [layout.doing(phase, at) for phase, at in sorted(summary.under_way.items())]


def cut_lines(summary: Summary) -> list[str]:
    """Return the phases that the end of the search cut off or that were never begun, by reason; empty if none was."""
    layout = layout_of(summary)
    by_reason: dict[str, list[str]] = {}
    for phase, reason in sorted(summary.cut.items()):
        by_reason.setdefault(reason, []).append(layout.doing(phase))
    return [f"cut off or not begun ({reason}): {', '.join(names)}" for reason, names in by_reason.items()]


def told(note: ev.Noted, summary: Summary | None) -> str:
    """Return a note in words; empty for one that only a resumption needs."""
    return lab_words(note.key, note.value) or note_words(note.key, note.value, layout_of(summary or Summary()))


def worth_a_line(payload: ev.Payload) -> bool:
    """Return whether a note is news for a person who watches: a phase begins, or ends before its work is done."""
    if isinstance(payload, ev.Noted) and lab_words(payload.key, payload.value):
        return True
    if not isinstance(payload, ev.Noted) or not payload.key.startswith(NOTES):
        return False
    return payload.key.endswith("/begun") or bool(skipped_by(payload.value))
