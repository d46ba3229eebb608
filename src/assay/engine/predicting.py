"""Predicting: a trial of the search run on a view that it has not seen: the sealed rows, or the real test file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from assay.core.codec import decode
from assay.core.errors import MachineError
from assay.core.execution import Outcome
from assay.core.view import View
from assay.engine.budget import Budget
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.grading import NOT_MIXED, Blend
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, Measurement, Trial


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a trial left on a view."""

    file: Path | None = None
    """Its predictions, or None."""
    problems: tuple[str, ...] = ()
    """Why there are none."""
    unfinished: tuple[str, ...] = ()
    """Whose execution did not end well though it left predictions, and how it ended."""
    stopped: bool = False
    """Whether the end of the run's time, or a person, stopped it: with more time it may do better."""


@dataclass(frozen=True)
class _Left:
    files: Mapping[str, Path]
    problem: str = ""
    unfinished: str = ""
    stopped: bool = False


class Predictor:
    """Runs trials, and the members of blends, on a view.

    Args:
        parts: What the run is put together from.
        measurer: Runs candidates.
        budget: Says how much time is left.
    """

    def __init__(self, parts: Parts, measurer: Measurer, budget: Budget) -> None:
        self._parts = parts
        self._measurer = measurer
        self._budget = budget

    def predict(self, trial: Trial, view: View) -> Prediction:
        """Return the trial's predictions on a view, its members mixed if it is a blend, or why there are none."""
        blend, members = self._members(trial)
        left = self._run_all(members, view)
        problems = tuple(one.problem for one in left if one.problem)
        stopped = any(one.stopped for one in left)
        if problems:
            return Prediction(problems=problems, stopped=stopped)
        files = {member.number: one.files for member, one in zip(members, left, strict=True)}
        name = self._parts.task.output.file
        try:
            file = files[trial.number][name] if blend is None else self._combine(blend, view, files)
        except MachineError as error:
            if error.code != NOT_MIXED:
                raise
            return Prediction(problems=(error.message,), stopped=stopped)
        return Prediction(
            file=file,
            unfinished=tuple(one.unfinished for one in left if one.unfinished),
            stopped=stopped,
        )

    @contextlib.contextmanager
    def beside(self, trial: Trial, view: View) -> Iterator[None]:
        """Run a trial on a view that `predict` will ask for soon, while the caller runs it on another one.

        Only where that leaves workers idle. What fails here, `predict` meets again.
        """
        _, members = self._members(trial)
        if 2 * len(members) > self._budget.limits.workers:
            yield
            return
        with ThreadPoolExecutor(len(members), thread_name_prefix="beside") as pool:
            for member in members:
                pool.submit(self._run, member, view)
            yield

    def _members(self, trial: Trial) -> tuple[Blend | None, list[Trial]]:
        if trial.operator != "blend":
            return None, [trial]
        blend, history = decode(Blend, trial.recipe["blend"]), self._parts.log.pinned(EVERYTHING)
        return blend, [history.trials[number] for number in blend.weights]

    def _run_all(self, members: list[Trial], view: View) -> list[_Left]:
        with ThreadPoolExecutor(max(1, self._budget.limits.workers), thread_name_prefix="predict") as pool:
            try:
                return list(pool.map(lambda member: self._run(member, view), members))
            except BaseException:
                # Leaving the pool waits for its threads, and they for their processes.
                self._parts.activities.stop()
                raise

    def _run(self, trial: Trial, view: View) -> _Left:
        measurement = self._measurer.measure(
            trial=trial.number,
            attempt=max(1, trial.attempts),
            candidate=self._parts.objects.candidate(trial.candidate),
            key=view.key,
            wall_s=self._budget.remaining_s,
        )
        execution = measurement.execution
        outputs = execution.outputs if execution else {}
        ended = f"#{trial.number} on {view.key.name}: {_ended(measurement)}"
        well = execution is not None and execution.outcome is Outcome.OK
        found = self._parts.task.output.file in outputs
        return _Left(
            files={name: self._parts.objects.path(digest) for name, digest in outputs.items()},
            problem="" if found else ended,
            unfinished=ended if found and not well else "",
            stopped=execution is not None and execution.outcome is Outcome.STOPPED,
        )

    def _combine(self, blend: Blend, view: View, members: Mapping[int, Mapping[str, Path]]) -> Path:
        private = self._parts.folder / "private"
        with tempfile.TemporaryDirectory(dir=private) as folder:
            mixed = self._parts.grading.combine(self._parts.task, view, blend, members, Path(folder))
            for number, reason in mixed.dropped.items():
                text = f"the blend goes without #{number} on {view.key.name}, the other weights grew: {reason}"
                self._parts.log.add(ev.Remarked(code="W405", text=text))
            return self._parts.objects.path(self._parts.objects.put(mixed.file.read_bytes()))


def _ended(measurement: Measurement) -> str:
    execution = measurement.execution
    if execution is None:
        return "did not run"
    if execution.outcome is Outcome.STOPPED:
        return "the time limit of the run was reached"
    return execution.detail or str(execution.outcome)
