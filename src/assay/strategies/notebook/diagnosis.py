"""Diagnosis: what a change of several scores says about a model, in words made by code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ORDER = ("pearson", "pcc", "spearman", "correlation", "roc_auc", "average_precision")
"""Parts of names of scores that see whether predictions go up and down with the truth; higher is better."""
SCALE = ("rmse", "mse", "mae", "log_loss", "brier", "squared_error", "absolute_error")
"""Of scores that see how far predictions are from it; lower is better."""
CHANGED = ("deg", "top_changed", "top_de", "extremes")
"""Of errors on what changes most; lower is better. They are told apart first, since their names often hold another."""

SAME = 0.005
"""Relative changes under this are none."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the pattern of changes is, and what to do about it."""

    pattern: str
    """`scaling`, `mean-prediction`, `changed-features` or `stable`."""
    advice: str


_SCALING = Diagnosis(
    pattern="scaling",
    advice="Order is better and the distance from the truth is worse: a problem of scale. Keep the architecture; "
    "calibrate the output, its variance or the loss's scale.",
)
_MEAN = Diagnosis(
    pattern="mean-prediction",
    advice="The distance from the truth is smaller and order is worse: it predicts towards the mean. Use a loss that "
    "looks at ranks or correlation, or weight rows that differ.",
)
_CHANGED = Diagnosis(
    pattern="changed-features",
    advice="The error on what changes most is larger: weight the features or rows that change most.",
)
_STABLE = Diagnosis(
    pattern="stable", advice="The scores move together: no sign of a wrong scale or of predictions of the mean."
)


def diagnose(before: Mapping[str, float], after: Mapping[str, float]) -> Diagnosis:
    """Return what the change from `before` to `after` says.

    Args:
        before: Scores of what is compared with (the baseline, or the notebook so far), by name, raw values.
        after: Those of the notebook in question. Names that only one side has are left aside.
    """
    order = _moved(before, after, ORDER)
    scale = _moved(before, after, SCALE)
    changed = _moved(before, after, CHANGED)
    if order > 0 and scale > 0:
        return _SCALING
    if order < 0 and scale < 0:
        return _MEAN
    if changed > 0:
        return _CHANGED
    return _STABLE


def words(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Return the diagnosis with the numbers it rests on; of equal or unknown scores, that there is nothing to tell."""
    # Sorted: what comes back from a journal has another order, and a question must be the same.
    shared = sorted(name for name in before if name in after)
    if not shared:
        return "Nothing is measured beside the score itself."
    moved = ", ".join(f"{name} {before[name]:.5g} -> {after[name]:.5g}" for name in shared)
    return f"{moved}. {diagnose(before, after).advice}"


def _moved(before: Mapping[str, float], after: Mapping[str, float], names: tuple[str, ...]) -> int:
    """Return 1 if the first score of a family by name rose, -1 if it fell, 0 if neither or there is none."""
    for name in sorted(before):
        if name in after and family_of(name) is names:
            change = after[name] - before[name]
            return 0 if abs(change) <= SAME * max(abs(before[name]), 1e-12) else (1 if change > 0 else -1)
    return 0


def family_of(name: str) -> tuple[str, ...]:
    """Return the family that a score belongs to by its name; empty for none."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    return next((family for family in (CHANGED, ORDER, SCALE) if any(part in plain for part in family)), ())
