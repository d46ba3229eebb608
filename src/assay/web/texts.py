"""Texts: numbers of a run as the dashboard shows them, by the same rules as the command line and the report."""

from __future__ import annotations

from typing import Any

from assay.core.metric import Metric
from assay.core.trial import TrialState
from assay.journal.summary import Row, Summary
from assay.report.formatting import MISSING, format_duration, format_gain, format_percent, format_score, format_spread
from assay.report.prose import clean_line
from assay.report.rows import row_decimals, verdict_words
from assay.strategies.known import LAB, TASKS


def score_text(row: Row, rival: float | None = None) -> str:
    """Return a trial's score with as many digits as mean something."""
    return format_score(row.score, decimals=row_decimals(row, rival))


def spread_text(row: Row) -> str:
    """Return `± 0.0037` with the digits of the score; empty where it is unknown."""
    return format_spread(row.std_error, decimals=row_decimals(row)) if row.score is not None else ""


def mark_of(row: Row) -> str:
    """Return the one word that a trial is marked by: its verdict, or how it ended where it has none."""
    if row.state is not TrialState.COMPLETE:
        return row.state.value
    return row.verdict.value if row.verdict else row.state.value


def words_of(row: Row) -> str:
    """Return `real 5/5`, `failed`: verdict and folds, or how the trial ended where it has none."""
    return verdict_words(row) if row.verdict is not None else row.state.value


def row_value(row: Row, rival: float | None = None) -> dict[str, Any]:
    """Return a trial as every list of the dashboard shows it. Titles and reasons are a candidate's own words."""
    return {
        "number": row.number,
        "title": clean_line(row.title),
        "operator": row.operator,
        "parents": list(row.parents),
        "counts": row.counts,
        "state": row.state.value,
        "mark": mark_of(row),
        "verdict": words_of(row),
        "score": row.score,
        "score_text": score_text(row, rival),
        "spread_text": spread_text(row),
        "gain": row.effect,
        "gain_text": format_gain(row.effect, decimals=row_decimals(row)) if row.effect is not None else MISSING,
        "against": row.against,
        "folds": row.folds,
        "wall_s": row.wall_s,
        "wall_text": format_duration(row.wall_s or None),
        "attempts": row.attempts,
        "reason": clean_line(row.reason, 1_000),
    }


def metric_value(summary: Summary) -> dict[str, Any] | None:
    """Return name and direction of what is measured; None where nothing is graded."""
    metric = summary.metric
    if metric is None or summary.strategy in (TASKS, LAB):
        return None
    return {"name": metric.name, "better": metric.direction.value}


def change_text(metric: Metric, best: Row | None, baseline: Row | None) -> str:
    """Return `7.3 % better than the baseline`, or that it is worse or equal; empty where there is nothing to say."""
    if best is None or baseline is None or best.number == baseline.number:
        return ""
    if best.score is None or not baseline.score:
        return ""
    share = metric.gain(best.score, baseline.score) / abs(baseline.score)
    if not share:
        return "equal to the baseline"
    return f"{format_percent(abs(share))} {'better' if share > 0 else 'worse'} than the baseline"
