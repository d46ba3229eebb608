"""Tree: which trial came from which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.web import rows
from assay.web.texts import metric_value
from assay.web.view import RunView

COLUMNS = ("number", "mark", "score", "score_text", "gain", "parents", "counts", "operator", "title")
_PLACES = tuple(rows.COLUMNS.index(name) for name in COLUMNS)


def tree(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return every trial with its parents, and the way from a baseline to the best.

    Args:
        run: The run.
        query: `after`: mark of what the client has; only what changed since is returned then.
    """
    after = query.get("after", "")
    way = run.facts.way if run.summary.metric is not None and run.summary.scored else None
    return {
        "metric": metric_value(run.summary),
        "columns": COLUMNS,
        "rows": [[line.values[place] for place in _PLACES] for line in rows.changed(run, after)],
        "partial": run.changed_since(after) > 0,
        "best": run.summary.best.number if run.summary.best else None,
        "way": [trial.number for trial in way.links] if way is not None else [],
    }
