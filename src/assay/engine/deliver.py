"""Deliver: `submission.csv` exists from the first scored trial on, and is only ever replaced by a valid, better one."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from assay.core.digest import digest_file
from assay.core.errors import MachineError
from assay.core.execution import Outcome
from assay.engine.budget import Budget
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.pause import Pause
from assay.journal import events as ev
from assay.journal.history import Trial

SHARE = 0.1
"""Largest share of the remaining search time that a final fit during the search may be expected to take."""


class Delivery:
    """Fits the best trial so far on all labelled rows and keeps its predictions for the real test file.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates.
        budget: Says how much time is left.
        scale: Training rows of the final fit over those of a search fold.
    """

    def __init__(self, parts: Parts, measurer: Measurer, budget: Budget, *, scale: float = 1.0) -> None:
        self._parts = parts
        self._measurer = measurer
        self._budget = budget
        self._scale = scale
        self._pause = Pause(parts, budget)
        self._lock = threading.Lock()

    def offer(self, trial: Trial) -> None:
        """Deliver `trial` if it is the best so far and its final fit is affordable; the first one always is."""
        key = self._parts.views.final_key()
        if key is None or not trial.ranks or self._pause.on:
            return
        if not self._lock.acquire(blocking=False):
            return  # a final fit is under way; a worker that waited for it would only be idle
        try:
            best, written = self._parts.log.read(lambda history: (history.best, history.submission))
            if best is None or best.number != trial.number or (written is not None and not self._affordable(trial)):
                return
            candidate = self._parts.objects.candidate(trial.candidate)
            try:
                measurement = self._measurer.measure(
                    trial=trial.number,
                    attempt=max(1, trial.attempts),
                    candidate=candidate,
                    key=key,
                    wall_s=self._budget.remaining_s,
                )
            except MachineError:
                return
            predictions = self._measurer.predictions(measurement)
            ended_well = measurement.execution is not None and measurement.execution.outcome is Outcome.OK
            if written is not None and not ended_well:
                return  # what a script wrote before it was cut off may be half-made
            if predictions is not None and measurement.graded and not measurement.problems:
                self.write(trial.number, predictions)
        finally:
            self._lock.release()

    def write(self, trial: int, predictions: Path) -> None:
        """Replace `submission.csv` by valid predictions of `trial` for the real test file."""
        written = self._parts.log.read(lambda history: history.submission)
        digest = digest_file(predictions)
        target = self._parts.folder / self._parts.task.output.file
        if written is not None and written.trial == trial and written.digest == digest and target.exists():
            return
        temporary = target.with_name(f".{target.name}.tmp")
        shutil.copyfile(predictions, temporary)
        temporary.replace(target)
        with target.open("rb") as stream:
            rows = sum(1 for line in stream if line.strip()) - 1
        self._parts.log.add(ev.SubmissionWritten(trial=trial, digest=digest, rows=rows))

    def _affordable(self, trial: Trial) -> bool:
        left = self._budget.search_s
        return left is None or trial.wall_s * self._scale <= SHARE * left
