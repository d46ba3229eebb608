"""The score that a script printed: read for comparison, never for ranking."""

from __future__ import annotations

import math
import re

from assay.core.metric import Metric

_NUMBER = r"[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_REPORT = re.compile(
    r"""
    (?<![A-Za-z_])
    (?:
        final\s+validation\s+(?:performance|score)
        | (?:final\s+|validation\s+|val\s+|cv\s+|oof\s+|overall\s+|mean\s+|best\s+|out-of-fold\s+){0,8}score
    )
    (?:\s*[\[(][^\])\n]{0,60}[\])])*      # (roc_auc), [lower is better]
    \s*(?:=|:|is\b)\s*
    (?P<value>nan\b|[-+]?inf(?:inity)?\b|NUMBER)
    (?P<percent>\s*%)?
    """.replace("NUMBER", _NUMBER),
    re.VERBOSE | re.IGNORECASE,
)
_ERRORS = 3.0
_RELATIVE = 0.02


def reported_score(text: str) -> float | None:
    """Return the last score that `text` states, or None if there is none or the last one is no finite number.

    Read are lines such as `Final Validation Performance: 0.91`, `score: 91.2%` (0.912), `CV score (rmse) = 1.2e-3`.

    Args:
        text: What a script printed, or its end.
    """
    found = list(_REPORT.finditer(text))
    if not found:
        return None
    last = found[-1]
    word = last["value"].lower()
    if word.lstrip("+-").startswith(("nan", "inf")):
        return None
    value = float(word.replace(",", "").replace("_", "").rstrip("."))
    value = value / 100.0 if last["percent"] else value
    return value if math.isfinite(value) else None


def reported_mismatch(
    reported: float | None, graded: float | None, metric: Metric, std_error: float | None = None
) -> str | None:
    """Return a sentence if what was printed is better than what was graded by more than chance explains, else None.

    A script validates on other rows than Assay, so small differences mean nothing: the claim must be better by three
    standard errors, or, where no error is known, by 2 % of the graded value (of the range for a bounded metric). A
    claim that is too modest is not flagged.

    Args:
        reported: From `reported_score`; None for none.
        graded: The score on hidden labels; None for none.
        metric: Knows the direction and the bounds.
        std_error: Of the graded score, above 0.
    """
    if reported is None or graded is None or not (math.isfinite(reported) and math.isfinite(graded)):
        return None
    if not metric.lower <= reported <= metric.upper:
        return f"R01 printed a {metric.name} of {reported:.6g}, which cannot be; on hidden labels it is {graded:.6g}"
    bounded = math.isfinite(metric.upper - metric.lower)
    scale = metric.upper - metric.lower if bounded else abs(graded)
    allowed = _ERRORS * std_error if std_error else _RELATIVE * scale
    if metric.gain(reported, graded) <= allowed:
        return None
    return f"R01 printed a {metric.name} of {reported:.6g}; graded on hidden labels it is {graded:.6g}"
