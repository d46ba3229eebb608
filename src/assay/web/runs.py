"""Runs: the list of all runs in the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.clock import SystemClock, iso_utc
from assay.core.errors import AssayError
from assay.engine.pulse import read_pulse
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.summary import Summary
from assay.report.formatting import format_count, format_duration, format_money
from assay.report.liveness import judge
from assay.strategies.known import LAB, TASKS
from assay.web.library import MOST_RUNS, Library
from assay.web.texts import change_text, metric_value, row_value

MOST_POINTS = 40
"""Of the small curve beside each run."""


def runs_data(library: Library) -> dict[str, Any]:
    """Return every run with its best, verdict, curve, time, money and state, the latest first."""
    folders = library.folders()
    shown = folders[:MOST_RUNS]
    return {
        "folder": str(library.root.absolute()),
        "runs": [_run(library, folder) for folder in shown],
        "hidden": len(folders) - len(shown),
    }


def _run(library: Library, folder: Path) -> dict[str, Any]:
    try:
        summary = library.summary_file(folder).read()
    except AssayError as error:
        return {"name": folder.name, "error": error.as_dict()}
    now = SystemClock().now()
    liveness = judge(summary, read_pulse(folder), read_holder(folder / LEASE_FILE), now)
    best = summary.best
    return {
        "name": folder.name,
        "life": liveness.life.value,
        "reason": liveness.reason,
        "task": summary.task,
        "strategy": summary.strategy,
        "metric": metric_value(summary),
        "best": row_value(best) if best else None,
        "change": change_text(summary.metric, best, summary.baseline) if summary.metric else "",
        "curve": [score for _, score in summary.curve[-MOST_POINTS:]],
        "trials": summary.counted,
        "counted": _counted(summary),
        "wall_text": format_duration(summary.wall_s),
        "money_text": format_money(summary.usage.cost_usd, summary.usage.unpriced) if summary.usage.requests else "",
        "started": iso_utc(summary.started) if summary.started else "",
        "started_s": summary.started,
        "events": summary.events,
    }


def _counted(summary: Summary) -> str:
    noun = {TASKS: "task", LAB: "experiment"}.get(summary.strategy, "trial")
    return format_count(summary.counted if summary.strategy not in (LAB, TASKS) else summary.trials, noun)
