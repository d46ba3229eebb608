"""The metrics by name: scikit-learn and SciPy compute wherever they know the measure.

A metric that has no value on some rows says why (`NoValue`); it never becomes NaN. The same measures over many
resamples at once are in `weighted`.
"""

from __future__ import annotations

from assay.grading.metrics.compute import compute, metric_functions
from assay.grading.metrics.function import NoValue

__all__ = ["NoValue", "compute", "metric_functions"]
