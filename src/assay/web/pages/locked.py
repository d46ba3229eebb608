"""Locked: the cells of a notebook that may not be changed, with their digests, and whether the winner kept them."""

from __future__ import annotations

from typing import Any

from assay.core.errors import AssayError
from assay.journal.history import Trial
from assay.report.prose import clean_line
from assay.web.view import RunView

STRATEGIES = ("notebook", "notebook_review")


def locked(run: RunView) -> dict[str, Any] | None:
    """Return the locked cells of the run's notebook; None for a run that works on no notebook."""
    if run.summary.strategy not in STRATEGIES:
        return None
    from assay.kinds.notebook.locks import broken_locks, locks_of

    trial = _notebook(run)
    candidate = run.facts.candidate(trial) if trial is not None else None
    if trial is None or candidate is None:
        return {"cells": [], "trial": None, "broken": [], "why": "There is no notebook with a record in this run yet."}
    try:
        locks, broken = locks_of(candidate), broken_locks(candidate)
    except AssayError as error:
        return {"cells": [], "trial": trial.number, "broken": [error.message], "why": ""}
    return {
        "trial": trial.number,
        "cells": [
            {
                "id": clean_line(lock.id, 80),
                "name": clean_line(lock.name, 120),
                "reason": clean_line(lock.reason, 160),
                "digest": lock.digest,
            }
            for lock in locks.items
        ],
        "broken": [clean_line(one.sentence, 300) for one in broken],
        "why": "" if locks.items else "No cell of this notebook is locked.",
    }


def _notebook(run: RunView) -> Trial | None:
    """Return the winner if it is a notebook, or else the last trial that is one."""
    picks = [run.facts.winner, *reversed(run.facts.trials)]
    for trial in picks[:50]:
        candidate = run.facts.candidate(trial) if trial is not None else None
        if candidate is not None and candidate.kind == "notebook":
            return trial
    return None
