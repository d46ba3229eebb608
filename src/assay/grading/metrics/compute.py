"""The value of a metric, by its name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from assay.core.errors import TaskError
from assay.core.metric import Metric
from assay.grading.arrays import Pairs
from assay.grading.metrics.function import Function, NoValue
from assay.grading.metrics.labels import LABELS
from assay.grading.metrics.probabilities import PROBABILITIES
from assay.grading.metrics.rankings import RANKINGS
from assay.grading.metrics.values import VALUES

_FUNCTIONS: Mapping[str, Function] = MappingProxyType({**LABELS, **PROBABILITIES, **VALUES, **RANKINGS})


def compute(metric: Metric, pairs: Pairs) -> float:
    """Return the value of `metric` on `pairs`.

    Raises:
        NoValue: It is not defined on these rows, and why.
        TaskError: E130: no function has this name.
    """
    function = _FUNCTIONS.get(metric.name)
    if function is None:
        raise TaskError(
            "E130", f"no metric is named {metric.name!r}", fix=f"use one of {', '.join(metric_functions())}"
        )
    if pairs.rows == 0:
        raise NoValue("there are no rows to grade", by_predictions=False)
    value = float(function(metric, pairs))
    if not math.isfinite(value):
        raise NoValue(f"{metric.name} is {value} on these rows: the numbers are too large", by_predictions=True)
    return value


def metric_functions() -> tuple[str, ...]:
    """Return the names of all metrics that can be computed, sorted."""
    return tuple(sorted(_FUNCTIONS))
