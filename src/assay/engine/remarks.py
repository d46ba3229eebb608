"""Remarks: what measurements give away, told beside a trial's score and changing nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.grading import Invalid, check_predictions, reported_mismatch
from assay.journal.history import Measurement


class Remarks:
    """Looks at what a scored candidate left.

    Args:
        parts: What the run is put together from.
        measurer: Knows where predictions lie.
    """

    def __init__(self, parts: Parts, measurer: Measurer) -> None:
        self._parts = parts
        self._measurer = measurer

    def of(self, measurements: Sequence[Measurement]) -> list[str]:
        """Return a code and a sentence for each oddity.

        Args:
            measurements: Of the folds that were scored; one at least.
        """
        claims = [
            reported_mismatch(m.reported, m.score.value, self._parts.task.metric, m.score.std_error)
            for m in measurements
            if m.score is not None
        ]
        cut_off = [m for m in measurements if m.score is not None and m.score.partial]
        remarks = [*self.oddities(measurements[0]), *[f"P02 {claim}" for claim in claims if claim][:1]]
        if cut_off:
            how = sorted({str(m.execution.outcome) for m in cut_off if m.execution is not None})
            many = f"{len(cut_off)} of {len(measurements)} folds"
            remarks.append(f"P01 partial: on {many} it wrote its predictions and did not end well ({', '.join(how)})")
        return remarks

    def oddities(self, measurement: Measurement) -> list[str]:
        """Return what the predictions of a fold themselves give away: remarks, since a baseline is odd too."""
        predictions = self._measurer.predictions(measurement)
        key = next(key for key in self._parts.views.fold_keys() if key.name == measurement.view)
        if predictions is None:
            return []
        stats = self._parts.grading.stats(self._parts.task, self._parts.views.build(key), predictions)
        if isinstance(stats, Invalid):
            return []
        return [f"{f.code} {f.sentence}" for f in check_predictions(self._parts.task, stats)]
