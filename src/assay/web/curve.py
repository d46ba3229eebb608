"""Curve: score over time as the plot of the overview draws it."""

from __future__ import annotations

from typing import Any

from assay.core.trial import Verdict
from assay.journal.history import Trial
from assay.report.formatting import format_score, score_decimals
from assay.report.rows import row_of
from assay.web.texts import mark_of
from assay.web.view import RunView

MOST_LABELS = 12
"""Gains that are named in the plot; of more, the last."""


def curve_value(run: RunView) -> dict[str, Any] | None:
    """Return every scored trial in the order it ended, the steps of the best, and the baseline; None without scores.

    Points are `[seconds of running, score, mark, number]`, steps `[seconds, score, standard error, number]`.
    """
    facts = run.facts
    if not facts.curve:
        return None
    points: list[list[Any]] = []
    steps: list[list[Any]] = []
    last: Trial | None = None
    for trial, best in facts.curve:
        points.append([round(trial.finished_s, 1), trial.score, mark_of(row_of(trial)), trial.number])
        if best is not last:
            steps.append([round(trial.finished_s, 1), best.score, best.std_error or 0.0, best.number])
            last = best
    real = [trial for trial, _ in facts.curve if trial.verdict is Verdict.REAL][-MOST_LABELS:]
    baseline = facts.baseline
    errors = last.std_error if last is not None else None
    return {
        "points": points,
        "steps": steps,
        "labels": [{"number": trial.number, "title": trial.title} for trial in real],
        "baseline": baseline.score if baseline is not None else None,
        "baseline_text": format_score(baseline.score, baseline.std_error) if baseline is not None else "",
        "until_s": round(run.history.wall_s, 1),
        "decimals": score_decimals([point[1] for point in points[-2:]], errors),
        "rising": facts.metric.higher_is_better,
    }
