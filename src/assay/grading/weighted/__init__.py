"""The same metrics over many weightings of the rows at once, for the bootstrap and for the search of blends.

A weighting is a row of a matrix (resamples, rows) of counts: with every count 1 the result equals `metrics.compute`,
which is checked by test for every name. A resample on which the metric has no value gives NaN; callers drop those.
"""

from __future__ import annotations

from assay.grading.weighted.cells import cells_of, confusion
from assay.grading.weighted.prepare import prepare
from assay.grading.weighted.statistic import Statistic

__all__ = ["Statistic", "cells_of", "confusion", "prepare"]
