"""Scoring: an analysis is worth what it established; its words are never read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from assay.core.errors import UsageError
from assay.core.metric import Metric
from assay.strategies.ideas.checking import Checked
from assay.strategies.ideas.statements import Kind

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"relations": 1.0, "interactions": 0.8, "warnings": 0.8, "baseline": 1.0, "reliability": 0.5}
)
"""What each part of a score counts, unless a person says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an analysis established, each 0 .. 1."""

    relations: float
    """How much of the target single columns tell together, as if they were independent."""
    interactions: float
    """The same of what several columns tell beyond the best of them."""
    warnings: float
    """Half for one weakness of the data that was found, three quarters for two, and so on."""
    baseline: float
    """How far its plain model gets from a constant to a perfect one, graded."""
    reliability: float
    """Share of its statements that held; 0 without any."""

    def as_dict(self) -> dict[str, float]:
        """Return the parts by name."""
        return {name: round(getattr(self, name), 6) for name in WEIGHTS}


def parts_of(checked: Sequence[Checked], baseline: float) -> Parts:
    """Return the parts of a score.

    Args:
        checked: Every statement of the analysis.
        baseline: From `way_to_perfect`.
    """
    held = [one for one in checked if one.holds]
    tells = [one for one in held if one.statement.kind is Kind.TELLS and not one.warns]
    warnings = sum(one.warns for one in held)
    return Parts(
        relations=_together([one.effect for one in tells if len(one.statement.columns) == 1]),
        interactions=_together([one.effect for one in tells if len(one.statement.columns) > 1]),
        warnings=1 - 0.5**warnings,
        baseline=baseline,
        reliability=len(held) / len(checked) if checked else 0.0,
    )


def score(parts: Parts, weights: Mapping[str, float]) -> float:
    """Return the weighted mean of the parts, 0 .. 1."""
    total = sum(weights.values())
    return sum(weights[name] * value for name, value in parts.as_dict().items()) / total


def with_weights(given: Mapping[str, float]) -> dict[str, float]:
    """Return the weights with those that a person gave.

    Raises:
        UsageError: There is no such part, or a weight is negative or all are 0 (E096).
    """
    unknown = [name for name in given if name not in WEIGHTS]
    weights = {**WEIGHTS, **given}
    if unknown or any(not math.isfinite(w) or w < 0 for w in weights.values()) or not sum(weights.values()):
        raise UsageError(
            "E096",
            f"{unknown[0]!r} is no part of the score" if unknown else "weights are at least 0, and not all 0",
            fix=f"--weight NAME=X with one of {', '.join(WEIGHTS)}",
        )
    return weights


def way_to_perfect(metric: Metric, value: float | None, constant: float | None) -> float:
    """Return how far `value` is on the way from a constant to the best possible, 0 .. 1; 0 where nobody can say."""
    if value is None:
        return 0.0
    best = metric.upper if metric.higher_is_better else metric.lower
    start = constant if constant is not None else (0.0 if metric.name.startswith(("pearson", "spearman")) else None)
    if start is None or not math.isfinite(best) or best == start:
        return 0.0
    return min(1.0, max(0.0, (value - start) / (best - start)))


def _together(effects: Sequence[float]) -> float:
    return 1 - math.prod(1 - min(effect, 1.0) for effect in effects)
