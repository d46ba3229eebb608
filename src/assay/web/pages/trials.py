"""Trials: every trial as a line, sorted and filtered by the client, and kept up to date by what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.journal.history import Trial
from assay.report.formatting import MISSING, format_duration, format_gain, format_score
from assay.report.prose import clean_line
from assay.report.rows import row_decimals, row_of
from assay.web.asked import whole
from assay.web.lab import lab_metric, reported_scores
from assay.web.texts import mark_of, metric_value, score_text, spread_text, words_of
from assay.web.view import RunView

COLUMNS = (
    "number", "mark", "verdict", "score", "score_text", "spread_text", "gain", "gain_text", "against", "wall_s",
    "wall_text", "operator", "parents", "counts", "step", "title", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class _Made:
    """A row, and what it was made of."""

    trial: Trial
    reported: float | None
    events: int
    values: list[Any]


def trials(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the trials as rows of values in the order of `columns`.

    Args:
        run: The run.
        query: `after`: number of events that the client has seen; only what changed since is returned then.
    """
    rows = _rows(run)
    since = whole(query.get("after", "")) or 0
    ranking = run.history.ranking() if metric_value(run.summary) is not None else []
    return {
        "metric": metric_value(run.summary),
        "reported": lab_metric(run.history) is not None,
        "columns": COLUMNS,
        "rows": [row for changed, row in rows.values() if not since or changed > since],
        "partial": since > 0,
        "ranking": [trial.number for trial in ranking],
    }


def _rows(run: RunView) -> dict[int, tuple[int, list[Any]]]:
    """Return each trial's row with the number of events at which it was made; only changed trials are made anew."""
    reported = reported_scores(run.history) if lab_metric(run.history) is not None else {}
    known: dict[int, _Made] = run.cache.setdefault("trials", {})  # type: ignore[assignment]
    for number, trial in run.history.trials.items():
        made = known.get(number)
        if made is None or made.trial is not trial or made.reported != reported.get(number):
            values = row_values(trial, reported.get(number))
            known[number] = _Made(trial, reported.get(number), run.events, values)
    return {number: (made.events, made.values) for number, made in known.items()}


def row_values(trial: Trial, reported: float | None = None) -> list[Any]:
    """Return one trial in the order of `COLUMNS`; with what it reported of itself where nothing is graded."""
    row = row_of(trial)
    decimals = row_decimals(row)
    return [
        row.number,
        mark_of(row),
        words_of(row),
        row.score if reported is None else reported,
        score_text(row) if reported is None else format_score(reported),
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
        clean_line(row.title),
        clean_line(row.reason, 400),
    ]
