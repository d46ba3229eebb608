"""The metrics by name, over many weightings of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assay.core.metric import Metric
from assay.grading.arrays import Pairs
from assay.grading.weighted.cells import CELLS
from assay.grading.weighted.means import MEANS
from assay.grading.weighted.moments import MOMENTS
from assay.grading.weighted.ranks import RANKS
from assay.grading.weighted.statistic import Builder, Statistic

_BUILDERS: Mapping[str, Builder] = MappingProxyType({**CELLS, **MEANS, **MOMENTS, **RANKS})


def prepare(metric: Metric, pairs: Pairs) -> Statistic | None:
    """Return the statistic of `metric` on `pairs` as a function of the weights, or None if there is no fast form.

    Raises:
        NoValue: The metric is not defined on these rows at all.
    """
    builder = _BUILDERS.get(metric.name)
    return None if builder is None else builder(metric, pairs)
