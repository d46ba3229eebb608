"""Rehearsals: what is noted of a trial that was run on few rows before its first whole fold."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.view import is_rehearsal
from assay.journal.history import History, Trial

NOTE = "/rehearsal"
"""End of the key under which it is noted that a trial is rehearsed, and on how many rows."""
GIVEN_UP = "/whole-fold"
"""End of the key under which the attempt is noted that runs its folds though its rehearsal failed."""


@dataclass(frozen=True, kw_only=True)
class RehearsalPlan:
    """How a trial is rehearsed, as it was noted."""

    rows: int
    """Training rows that it is shown, and test rows at most."""
    shown: int
    """Training rows of a whole fold, about."""
    expected_s: float | None = None
    """Seconds that a whole fold was expected to take; None where nothing told."""
    given_up: int | None = None
    """The attempt that ran its folds though its rehearsal had failed; None where there is none."""


def rehearsal_of(history: History, trial: Trial) -> RehearsalPlan | None:
    """Return how a trial is rehearsed; None where it is not, or where that is not decided yet."""
    noted = history.notes.get(trial.key + NOTE)
    if noted is None:
        return None
    return RehearsalPlan(
        rows=int(noted["rows"]),
        shown=int(noted["of"]),
        expected_s=noted["expected_s"],
        given_up=history.notes.get(trial.key + GIVEN_UP),
    )


def only_rehearsed(history: History, trial: Trial, attempt: int) -> bool:
    """Return whether an attempt ran nothing but its rehearsal."""
    ran = [m.view for m in history.measurements(trial.number) if m.attempt == attempt]
    return all(is_rehearsal(view) for view in ran)
