"""Tree: which trial came from which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.report.prose import clean_line
from assay.report.rows import row_of
from assay.web.texts import mark_of, metric_value, score_text
from assay.web.view import RunView

COLUMNS = ("number", "mark", "score", "score_text", "gain", "parents", "counts", "operator", "title")


def tree(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return every trial with its parents, and the way from a baseline to the best."""
    way = run.facts.way if run.summary.metric is not None and run.summary.scored else None
    rows = [row_of(trial) for trial in run.history.trials.values()]
    return {
        "metric": metric_value(run.summary),
        "columns": COLUMNS,
        "rows": [
            [
                row.number,
                mark_of(row),
                row.score,
                score_text(row),
                row.effect,
                list(row.parents),
                row.counts,
                row.operator,
                clean_line(row.title),
            ]
            for row in rows
        ],
        "best": run.summary.best.number if run.summary.best else None,
        "way": [trial.number for trial in way.links] if way is not None else [],
    }
