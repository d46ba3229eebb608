"""Curve: score over time as the plot of the overview draws it."""

from __future__ import annotations

from typing import Any

from assay.core.trial import Verdict
from assay.journal.history import Trial
from assay.report.formatting import format_score, score_decimals
from assay.report.plots import in_view
from assay.report.prose import clean_line
from assay.web.lab import lab_metric, reported_scores
from assay.web.rows import MARK, lines
from assay.web.texts import metric_value
from assay.web.view import RunView

MOST_LABELS = 12
"""Gains that are named in the plot; of more, the last."""


def curve_value(run: RunView, after: str = "") -> dict[str, Any] | None:
    """Return every scored trial in the order it ended, the steps of the best, and the baseline; None without scores.

    Points are `[seconds of running, score, mark, number]`, steps `[seconds, score, standard error, number]`.

    Args:
        run: The run.
        after: Mark of what the client has; only points that changed since are returned then.
    """
    if metric_value(run.summary) is None:
        return _reported(run)
    facts = run.facts
    if not facts.curve:
        return None
    known, since = lines(run), run.changed_since(after)
    points: list[list[Any]] = []
    steps: list[list[Any]] = []
    last: Trial | None = None
    for trial, best in facts.curve:
        line = known[trial.number]
        if line.events > since:
            points.append([round(trial.finished_s, 1), trial.score, line.values[MARK], trial.number])
        if best is not last:
            steps.append([round(trial.finished_s, 1), best.score, best.std_error or 0.0, best.number])
            last = best
    real = [trial for trial, _ in facts.curve if trial.verdict is Verdict.REAL][-MOST_LABELS:]
    baseline = facts.baseline
    errors = last.std_error if last is not None else None
    return {
        "points": points,
        "partial": since > 0,
        "steps": steps,
        "labels": [{"number": trial.number, "title": clean_line(trial.title, 60)} for trial in real],
        "baseline": baseline.score if baseline is not None else None,
        "baseline_text": format_score(baseline.score, baseline.std_error) if baseline is not None else "",
        "view": in_view(facts),
        "until_s": round(run.history.wall_s, 1),
        "decimals": score_decimals([trial.score for trial, _ in facts.curve[-2:]], errors),
        "rising": facts.metric.higher_is_better,
    }


def _reported(run: RunView) -> dict[str, Any] | None:
    """Return what the experiments of a lab reported, in the order they ended; None where the run is no lab."""
    metric, scores = lab_metric(run.history), reported_scores(run.history)
    if metric is None or not scores:
        return None
    ended = sorted((run.history.trials[number] for number in scores), key=lambda t: (t.finished, t.number))
    points = [[round(t.finished_s, 1), scores[t.number], "reported", t.number] for t in ended]
    steps: list[list[Any]] = []
    for t in ended:
        if not steps or metric.is_better(scores[t.number], steps[-1][1]):
            steps.append([round(t.finished_s, 1), scores[t.number], 0.0, t.number])
    low, high = min(scores.values()), max(scores.values())
    margin = 0.12 * (high - low) or 0.05 * abs(high) or 1.0
    return {
        "points": points,
        "partial": False,
        "steps": steps,
        "labels": [],
        "baseline": None,
        "baseline_text": "",
        "view": [low - margin, high + margin],
        "until_s": round(run.history.wall_s, 1),
        "decimals": score_decimals(sorted(scores.values(), key=metric.sort_key)[:2]),
        "rising": metric.higher_is_better,
    }
