"""Overview: the best, the way there, what is under way, the limits, and the last verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from heapq import nlargest
from typing import Any

from assay.core.clock import iso_utc
from assay.core.trial import TrialState, Verdict
from assay.engine.pulse import Activity
from assay.report.formatting import (
    format_duration,
    format_money,
    format_score,
)
from assay.report.prose import clean_line
from assay.report.rows import row_of
from assay.strategies.known import LAB, TASKS
from assay.web.curve import curve_value
from assay.web.lab import lab_value, reported_scores
from assay.web.texts import change_text, metric_value, row_value
from assay.web.view import RunView

LAST = 10
"""Verdicts that are listed."""
MOST_REMARKS = 5


def overview(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the first page of a run shows.

    Args:
        run: The run.
        query: `after`: mark of what the client has; of the curve only the points that changed since are returned then.
    """
    history, summary = run.history, run.summary
    best, baseline = summary.best, summary.baseline
    others = [row.score for row in summary.leaders[1:2]]
    return {
        "metric": metric_value(summary),
        "kind": _kind(run),
        "task": clean_line(summary.task),
        "searched": ", ".join(part for part in (summary.strategy, summary.model, f"seed {summary.seed}") if part),
        "lab": lab_value(run),
        "winner": _winner(run),
        "best": row_value(best, others[0] if others else None) if best else None,
        "baseline": row_value(baseline) if baseline else None,
        "change": change_text(summary.metric, best, baseline) if summary.metric else "",
        "scored": summary.scored,
        "sealed": _sealed(run),
        "noise": _noise(run),
        "counts": _counts(run),
        "limits": _limits(run),
        "now": now_value(run),
        "last": _last(run),
        "curve": curve_value(run, query.get("after", "")),
        "remarks": [
            {"code": remark.code, "text": clean_line(remark.text, 600), "time": iso_utc(time)}
            for time, remark in history.remarks[-MOST_REMARKS:]
        ],
        "told": [{"text": clean_line(text, 600), "time": iso_utc(time)} for time, text in history.told[-MOST_REMARKS:]],
    }


def now_value(run: RunView) -> dict[str, Any]:
    """Return how the run is doing and what is under way."""
    pulse, alive = run.pulse, run.holder is not None
    return {
        "life": run.liveness.life.value,
        "reason": run.liveness.reason,
        "fix": run.liveness.fix,
        "phase": run.summary.phase,
        "activities": [_activity(run, one) for one in pulse.activities] if pulse is not None and alive else [],
        "beat_s": run.now - pulse.time if pulse is not None and alive else None,
        "ends_s": pulse.ends - run.now if pulse is not None and alive and pulse.ends is not None else None,
        "ended": iso_utc(run.summary.time),
        "stopped_by": run.summary.finished.stopped_by if run.summary.finished else "",
    }


def _activity(run: RunView, activity: Activity) -> dict[str, Any]:
    trial = run.history.trials.get(activity.trial) if activity.trial is not None else None
    beat = run.pulse.time if run.pulse is not None else run.now
    heard = activity.last_output_age_s
    return {
        "kind": activity.kind,
        "label": activity.label,
        "trial": activity.trial,
        "title": clean_line(trial.title) if trial is not None else "",
        "age_s": max(0.0, run.now - activity.since),
        "limit_s": activity.limit_s,
        "idle_s": None if heard is None else max(0.0, heard + run.now - beat),
    }


def _last(run: RunView) -> list[dict[str, Any]]:
    """Return the trials that ended last, the latest first."""
    graded = _kind(run) == "graded"
    ended = (t for t in run.history.trials.values() if t.state.is_final and (t.counts or not graded))
    rows = [row_value(row_of(one)) for one in nlargest(LAST, ended, key=lambda t: (t.finished, t.number))]
    reported = reported_scores(run.history) if _kind(run) == "lab" else {}
    told = {row["number"]: format_score(reported[row["number"]]) for row in rows if row["number"] in reported}
    return [{**row, "score_text": told.get(row["number"], row["score_text"])} for row in rows]


def _kind(run: RunView) -> str:
    """Return `graded`, `lab` (numbers are the experiments' own) or `queue` (tasks have no score)."""
    return {LAB: "lab", TASKS: "queue"}.get(run.summary.strategy, "graded")


def _winner(run: RunView) -> int | None:
    finished = run.summary.finished
    return finished.winner if finished is not None else None


def _sealed(run: RunView) -> dict[str, Any]:
    opened = run.history.sealed
    if opened is None:
        return {"state": "sealed" if run.history.task.holdout.fraction else "none"}
    score = opened.score
    if score is None:
        return {"state": "opened", "trial": opened.trial, "problems": list(opened.problems)}
    decimals_of = score.std_error
    shown = {name: format_score(getattr(score, name), decimals_of) for name in ("value", "low", "high")}
    return {"state": "opened", "trial": opened.trial, "rows": f"{score.rows:,}", **shown}


def _noise(run: RunView) -> str:
    noise = run.history.noise
    if noise is None:
        return ""
    if noise.floor is None:
        return "noise was not measured"
    return f"gains under {format_score(noise.floor)} count as noise"


def _counts(run: RunView) -> dict[str, Any]:
    everything = list(run.history.trials.values())
    counted = [trial for trial in everything if trial.counts] if _kind(run) == "graded" else everything
    tally = {verdict.value: 0 for verdict in Verdict}
    for trial in counted:
        if trial.state is TrialState.COMPLETE:
            word = trial.verdict.value if trial.verdict is not None else trial.state.value
            tally[word] = tally.get(word, 0) + 1
    for state in (TrialState.REJECTED, TrialState.FAILED, TrialState.STOPPED, TrialState.RUNNING, TrialState.WAITING):
        tally[state.value] = sum(1 for trial in counted if trial.state is state)
    return {
        "trials": len(counted),
        "variants": len(everything) - len(counted),
        "marks": {name: count for name, count in tally.items() if count},
    }


def _limits(run: RunView) -> list[dict[str, Any]]:
    """Return what is used of time, money, tokens and trials, each with its limit where there is one."""
    summary, limits, spent = run.summary, run.summary.limits, run.summary.spent
    running = max(0.0, run.now - summary.time) if run.holder is not None and summary.finished is None else 0.0
    wall_s = summary.wall_s + running
    shown = [
        _limit("time", wall_s, limits.wall_s, format_duration(wall_s), format_duration(limits.wall_s)),
        _limit("trials", summary.proposals, limits.trials, f"{summary.proposals:,}", f"{limits.trials or 0:,}"),
    ]
    if summary.usage.requests or limits.cost_usd is not None:
        cost = summary.usage.cost_usd
        used = format_money(cost if summary.usage.requests else Decimal(0), summary.usage.unpriced)
        shown.append(_limit("money", float(cost or 0), limits.cost_usd, used, format_money(limits.cost_usd)))
    if summary.usage.requests or limits.tokens is not None:
        most = f"{limits.tokens or 0:,}"
        shown.append(_limit("tokens", spent.tokens, limits.tokens, f"{spent.tokens:,}", most))
    return shown


def _limit(name: str, used: float, limit: float | Decimal | None, used_text: str, limit_text: str) -> dict[str, Any]:
    share = min(1.0, used / float(limit)) if limit else None
    return {"name": name, "used": used_text, "limit": limit_text if limit else "", "share": share}
