"""Phases of a strategy's steps on the screens: where each path is, and which notes are worth a line."""

from __future__ import annotations

from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.journal.summary import Summary
from assay.report.phase_words import NOTES, Layout, note_words, skipped_by

_FINISH = "finish"


def layout_of(summary: Summary) -> Layout:
    """Return which step of a run is what."""
    return Layout.of(summary.arguments, summary.first_steps.get("ensemble"))


def origin_of(history: History, trial: Trial) -> str:
    """Return `path 1, block 2, plan 3`: where a trial came from; empty where the strategy has no phases."""
    steps = [key.split("/")[1:3] for key in history.notes if key.startswith(NOTES)]
    if not steps or history.started is None:
        return ""
    rounds = [int(step.removeprefix("step-")) for step, phase in steps if phase == "ensemble"]
    return Layout.of(history.started.arguments, min(rounds, default=None)).origin(trial.key, trial.operator)


def where(summary: Summary) -> list[str]:
    """Return where each step under way is, `path 1: merging`; empty where the strategy does not say or has ended."""
    if summary.finished is not None or summary.phase == _FINISH:
        return []
    layout = layout_of(summary)
    return [layout.doing(phase, at) for phase, at in sorted(summary.under_way.items())]


def told(note: ev.Noted, summary: Summary | None) -> str:
    """Return a note in words; empty for one that only a resumption needs."""
    return note_words(note.key, note.value, layout_of(summary or Summary()))


def worth_a_line(payload: ev.Payload) -> bool:
    """Return whether a note is news for a person who watches: a phase begins, or ends before its work is done."""
    if not isinstance(payload, ev.Noted) or not payload.key.startswith(NOTES):
        return False
    return payload.key.endswith("/begun") or bool(skipped_by(payload.value))
