"""Advice: signals, gate, forbidden approaches, cadence and memory, adapted to a lab's journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.journal.history import History
from assay.models.roles import Decision, LabView, Signals, Todo
from assay.strategies.lab.config import LabConfig, MentorConfig
from assay.strategies.lab.experiments import Row, streak_of
from assay.strategies.lab.record import cycles

STUCK = 5


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is remembered of the cycles so far."""

    storyline: tuple[str, ...]
    workpad: str
    mentor_notes: str
    todos: tuple[Todo, ...]
    todos_open: int


def remembered(history: History, number: int) -> Memory:
    """Return what is remembered before cycle `number`."""
    records = cycles(history)
    return Memory(
        storyline=tuple(one.line for one in records),
        workpad="\n".join(f"- C{one.number:04d} {one.notes}" for one in records if one.notes),
        mentor_notes="\n".join(f"- C{one.number:04d} {one.mentor_notes}" for one in records if one.mentor_notes),
        todos=(),
        todos_open=0,
    )


def signals_of(history: History, rows: Sequence[Row], config: LabConfig, *, number: int) -> Signals:
    """Return how the course of the work looks."""
    streak = streak_of(rows, config.as_metric)
    return Signals(streak=streak, breakout=min(1.0, 0.06 * streak))


def gate_issues(decision: Decision) -> tuple[str, ...]:
    """Return what makes a decision too poor to be carried out."""
    issues = []
    if len(decision.rationale.strip()) < 20:
        issues.append("the rationale says too little")
    if decision.action == "run" and not decision.command.strip():
        issues.append("a run needs a command")
    if decision.action == "run" and decision.label.strip().lower() in ("", "run"):
        issues.append("a run needs a label that names its idea")
    return tuple(issues)


def forbidden_in(decision: Decision, forbidden: Sequence[str], checkout: Path) -> list[str]:
    """Return which forbidden approaches a decision takes."""
    return [f"{one!r} is forbidden here" for one in forbidden if one.lower() in decision.command.lower()]


def mentor_reasons(history: History, view: LabView, mentor: MentorConfig, *, number: int) -> tuple[str, ...]:
    """Return why the mentor is asked in this cycle; nothing if it is not."""
    reasons = []
    if number % mentor.every == 0:
        reasons.append(f"every {mentor.every} cycles")
    if mentor.when_stuck and view.signals.streak >= STUCK:
        reasons.append(f"{view.signals.streak} experiments without a gain")
    return tuple(reasons)
