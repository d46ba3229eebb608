"""Outcome: what a lab's work came to: the best experiment against the default, compared in pairs."""

from __future__ import annotations

from typing import Any

from assay.core.trial import Verdict
from assay.engine.session import Session
from assay.grading.stats import Undefined, corrected_t_test
from assay.operators.lab.record import best_of
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import Row, noise_of, results_of, row_of, rows_of
from assay.strategies.lab.pairs import paired_gains

OUTCOME = "lab/outcome"
ERROR = 0.05
"""Probability of calling a gain real where there is none, over all experiments tried."""
CONFIRMED = 2
"""Runs of the best from which a gain can be real: one of them with a seed that did not choose it."""


def note_outcome(session: Session, config: LabConfig) -> None:
    """Note what came of the work, anew at each end: a resumed lab may have found more."""
    history = session.view()
    made = outcome_of(rows_of(history), config)
    ends = sum(key.startswith(f"{OUTCOME}/") for key in history.notes)
    session.note(f"{OUTCOME}/{ends}", lambda: made)


def outcome_of(rows: list[Row], config: LabConfig) -> dict[str, Any]:
    """Return the best against the first experiment, as JSON.

    Each value that a score is the mean of (a fold, say) is compared with the same value of the default's run with the
    same seed; runs are averaged first. The test corrects for the dependence of folds, and its p is multiplied by the
    number of experiments, since the best of many was chosen (Bonferroni).

    Args:
        rows: The experiments, the default first.
        config: Says which way is better.

    References:
        C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003) 239-281.
    """
    metric = config.as_metric
    best = row_of(rows, best_of(results_of(rows, config.command), metric))
    default = rows[0] if rows else None
    made: dict[str, Any] = {
        "experiments": len(rows),
        "runs": sum(len(row.runs) for row in rows),
        "metric": metric.name,
        "direction": str(metric.direction),
        "noise": noise_of(rows),
        "default": _told(default),
        "best": _told(best),
        "gain": None,
        "p": None,
        "adjusted_p": None,
        "low": None,
        "high": None,
        "undefined": "",
        "verdict": str(Verdict.NOISE),
    }
    if default is None or best is None or default.score is None or best.score is None:
        return {**made, "undefined": "no two experiments have a score"}
    if best is default:
        return {**made, "undefined": "nothing was better than the default"}
    made["gain"] = metric.gain(best.score, default.score)
    gains = paired_gains(best, default, config.as_metric)
    if not gains:
        return {**made, "undefined": "the scores have no parts to be paired", "verdict": _by_noise(made, best)}
    ratio = 1.0 / (len(gains) - 1) if len(gains) > 1 else None
    test = corrected_t_test(gains, test_train_ratio=ratio)
    if isinstance(test, Undefined):
        return {**made, "undefined": test.reason, "verdict": _by_noise(made, best)}
    adjusted = min(1.0, test.p_value * max(1, len(rows) - 1))
    made.update(gain=test.mean, p=test.p_value, adjusted_p=adjusted, low=test.low, high=test.high, pairs=len(gains))
    if adjusted < ERROR and len(best.scores) >= CONFIRMED:
        return {**made, "verdict": str(Verdict.REAL)}
    return {**made, "verdict": str(Verdict.MAYBE if test.p_value < ERROR else Verdict.NOISE)}


def _told(row: Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "trial": row.first.number,
        "label": row.first.title,
        "command": row.first.recipe.get("command", ""),
        "score": row.score,
        "runs": len(row.scores),
    }


def _by_noise(made: dict[str, Any], best: Row) -> str:
    """Return the most that can be said without a test: a gain above what chance explains, seen again, is `maybe`."""
    above = made["noise"] is not None and made["gain"] is not None and made["gain"] > made["noise"]
    return str(Verdict.MAYBE if above and len(best.scores) >= CONFIRMED else Verdict.NOISE)
