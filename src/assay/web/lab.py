"""Lab: what the experiments of a lab reported of themselves, since nothing of them is graded."""

from __future__ import annotations

from typing import Any

from assay.core.metric import Metric
from assay.core.trial import TrialState
from assay.journal.history import History
from assay.report.formatting import format_gain, format_score, score_decimals
from assay.report.prose import clean_line
from assay.strategies.known import LAB
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import reported, rows_of
from assay.strategies.lab.outcome import OUTCOME, outcome_of
from assay.web.view import RunView

_CONFIG = "lab/config"


def lab_metric(history: History) -> Metric | None:
    """Return what the experiments report; None where the run is no lab, or has not begun."""
    config = _config(history)
    return config.as_metric if config is not None else None


def reported_scores(history: History) -> dict[int, float]:
    """Return what each run of an experiment that ended by itself reported, by the trial's number."""
    whole = (number for number, trial in history.trials.items() if trial.state is TrialState.COMPLETE)
    told = ((number, reported(history, number)) for number in whole)
    return {number: one.score for number, one in told if one is not None and one.score is not None}


def lab_value(run: RunView) -> dict[str, Any] | None:
    """Return what a lab has come to: the best experiment against the default; None where the run is no lab."""
    config = _config(run.history)
    if config is None:
        return None
    ends = [key for key in run.history.notes if key.startswith(f"{OUTCOME}/")]
    finished = ends and run.history.finished is not None
    made = run.history.notes[ends[-1]] if finished else outcome_of(rows_of(run.history), config)
    scores = [one["score"] for one in (made["best"], made["default"]) if one is not None]
    decimals = score_decimals(scores)
    return {
        "metric": made["metric"],
        "better": made["direction"],
        "experiments": made["experiments"],
        "runs": made["runs"],
        "verdict": made["verdict"] if made["best"] is not None and not made["undefined"] else "",
        "undefined": made["undefined"],
        "best": _told(made["best"], decimals),
        "default": _told(made["default"], decimals),
        "gain_text": format_gain(made["gain"]) if made["gain"] is not None else "",
        "low_text": format_gain(made["low"]) if made["low"] is not None else "",
        "high_text": format_gain(made["high"]) if made["high"] is not None else "",
    }


def _told(one: dict[str, Any] | None, decimals: int) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "number": one["trial"],
        "title": clean_line(one["label"]),
        "score_text": format_score(one["score"], decimals=decimals),
        "runs": one["runs"],
    }


def _config(history: History) -> LabConfig | None:
    told = history.notes.get(_CONFIG)
    if history.started is None or history.started.strategy != LAB or told is None:
        return None
    return LabConfig.model_validate(told)
