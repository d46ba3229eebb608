"""Trials: every trial as a line, sorted and filtered by the client, and kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.journal.history import History, Trial
from assay.report.formatting import MISSING, format_duration, format_gain
from assay.report.rows import row_decimals, row_of, verdict_words
from assay.web.texts import mark_of, metric_value, score_text, spread_text
from assay.web.view import RunView

COLUMNS = (
    "number", "mark", "verdict", "score", "score_text", "spread_text", "gain", "gain_text", "against", "wall_s",
    "wall_text", "operator", "parents", "counts", "step", "title", "reason",
)  # fmt: skip


def trials(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the trials as rows of values in the order of `columns`.

    Args:
        run: The run.
        query: `after`: number of events that the client has seen; only what changed since is returned then.
    """
    rows = _rows(run)
    after = query.get("after", "")
    since = int(after) if after.isdecimal() else 0
    ranks = {trial.number: place for place, trial in enumerate(run.history.ranking(), start=1)}
    return {
        "metric": metric_value(run.summary),
        "columns": COLUMNS,
        "rows": [row for changed, row in rows.values() if changed >= since],
        "partial": since > 0,
        "ranks": ranks,
    }


def _rows(run: RunView) -> dict[int, tuple[int, list[Any]]]:
    """Return each trial's row with the number of events at which it was made; only changed trials are made anew."""
    known: dict[int, tuple[Trial, int, list[Any]]] = run.cache.setdefault("trials", {})  # type: ignore[assignment]
    for number, trial in run.history.trials.items():
        if number not in known or known[number][0] is not trial:
            known[number] = (trial, run.events, row_values(run.history, trial))
    return {number: (made, row) for number, (_, made, row) in known.items()}


def row_values(history: History, trial: Trial) -> list[Any]:
    """Return one trial in the order of `COLUMNS`."""
    row = row_of(trial)
    decimals = row_decimals(row)
    return [
        row.number,
        mark_of(row),
        verdict_words(row),
        row.score,
        score_text(row),
        spread_text(row),
        row.effect,
        format_gain(row.effect, decimals=decimals) if row.effect is not None else MISSING,
        row.against,
        row.wall_s,
        format_duration(row.wall_s or None),
        row.operator,
        list(row.parents),
        row.counts,
        trial.step,
        row.title,
        row.reason,
    ]
