"""Trials: every trial as a line, sorted and filtered by the client, and kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.web.lab import lab_metric
from assay.web.rows import COLUMNS, changed
from assay.web.texts import metric_value
from assay.web.view import RunView


def trials(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the trials as rows of values in the order of `columns`.

    Args:
        run: The run.
        query: `after`: mark of what the client has; only what changed since is returned then, and the ranking only
            where something did.
    """
    after = query.get("after", "")
    rows = [line.values for line in changed(run, after)]
    partial = run.changed_since(after) > 0
    ranked = metric_value(run.summary) is not None
    return {
        "metric": metric_value(run.summary),
        "reported": lab_metric(run.history) is not None,
        "columns": COLUMNS,
        "rows": rows,
        "partial": partial,
        "ranking": [trial.number for trial in run.facts.ranking] if ranked and rows else None if partial else [],
    }
