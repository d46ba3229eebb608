"""Trial: one trial with everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from assay.core.errors import NothingFound
from assay.journal.history import Trial
from assay.report.rows import row_of
from assay.web.texts import metric_value, row_value
from assay.web.view import RunView


def trial(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one trial: plan, change, code, log, scores by fold, verdict with its reasons, questions, executions."""
    found = find(run, query.get("rest", ""))
    return {"metric": metric_value(run.summary), "trial": row_value(row_of(found)), "plan": found.plan}


def find(run: RunView, text: str) -> Trial:
    """Return the trial of this number, or the best.

    Raises:
        NothingFound: There is none (E202).
    """
    best = run.summary.best
    number = best.number if text == "best" and best is not None else int(text) if text.isdecimal() else -1
    if number not in run.history.trials:
        known = f"they go from 0 to {len(run.history.trials) - 1}" if run.history.trials else "it has none yet"
        raise NothingFound("E202", f"there is no trial {text!r} in {run.name}: {known}", fix="assay top")
    return run.history.trials[number]


def notebook_output(run: RunView, rest: str, query: Mapping[str, str]) -> Response:
    """Return the HTML that a cell of a notebook printed, for a frame without scripts."""
    raise NothingFound("E202", "there is no such output")
