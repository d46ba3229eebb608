"""Rehearsals on the screen: on how many rows a trial was run before its first whole fold, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.core.view import is_rehearsal
from assay.journal.history import History, Trial
from assay.journal.rehearsals import rehearsal_of


def rehearsal_lines(history: History, trial: Trial) -> Iterator[str]:
    """Yield the line of a trial that was rehearsed; its executions are told with the others."""
    plan = rehearsal_of(history, trial)
    if plan is None:
        return
    after = f"; it failed there, and attempt {plan.given_up} went on to its folds" if plan.given_up else ""
    yield f" tried   rehearsed on {plan.rows:,} of about {plan.shown:,} training rows first, for no score{after}"


def rehearsal_json(history: History, trial: Trial) -> dict[str, Any] | None:
    """Return the same as JSON values; None where it was not rehearsed."""
    plan = rehearsal_of(history, trial)
    if plan is None:
        return None
    return {
        "rows": plan.rows,
        "of": plan.shown,
        "expected_seconds": plan.expected_s,
        "given_up_at_attempt": plan.given_up,
        "executions": [
            {
                "attempt": m.attempt,
                "outcome": str(m.execution.outcome) if m.execution is not None else None,
                "seconds": m.execution.wall_s if m.execution is not None else None,
                "problems": list(m.problems),
            }
            for m in history.measurements(trial.number)
            if is_rehearsal(m.view)
        ],
    }
