"""L10, L11: what valid predictions themselves give away. Both only warn: a constant baseline is honest."""

from __future__ import annotations

from assay.core.metric import Needs
from assay.core.task import Task
from assay.grading.checks.finding import CheckFinding, Severity
from assay.grading.grade import PredictionStats

_MIN_ROWS = 20
_NEARLY_ALL = 0.999


def check_predictions(task: Task, stats: PredictionStats) -> list[CheckFinding]:
    """Return what is odd about predictions.

    Args:
        task: Names metric and contract.
        stats: From `Grader.stats`.
    """
    findings = []
    if stats.rows >= _MIN_ROWS and stats.distinct == 1:
        what = "label" if task.output.needs is Needs.LABELS else "value"
        findings.append(_warn("L10", f"every one of {stats.rows:,} rows is predicted the same {what}"))
    elif stats.rows >= 1 / (1 - _NEARLY_ALL) and stats.top_share >= _NEARLY_ALL:
        findings.append(_warn("L10", f"{stats.top_share:.2%} of the rows are predicted the same"))
    if stats.same_as:
        findings.append(_warn("L11", f"the predictions repeat the column {stats.same_as!r} of the test file"))
    if stats.rows >= _MIN_ROWS and stats.follows_ids:
        findings.append(
            _warn("L11", "the predictions are in the order of the row ids: is the order of the file a leak?")
        )
    return findings


def _warn(code: str, sentence: str) -> CheckFinding:
    return CheckFinding(code=code, severity=Severity.WARN, line=0, sentence=sentence)
