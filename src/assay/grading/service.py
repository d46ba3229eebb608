"""Grader: predictions in, scores out, through a process that generated code never shares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from assay.core.codec import decode, encode
from assay.core.digest import digest_file
from assay.core.errors import MachineError, TaskError
from assay.core.line_process import Gone
from assay.core.score import Provenance, Score
from assay.core.task import Task
from assay.core.view import View
from assay.core.weakness import Weaknesses
from assay.grading.blend import Blend, Mixed, blend_settings
from assay.grading.grade import Grade, Graded, Invalid, PredictionStats
from assay.grading.grading_task import grading_task
from assay.grading.process import GradingProcess
from assay.grading.replies import Died, Refused, opened
from assay.grading.sources import absolute, need_answers, readable_folders, sources

NOT_MIXED = "E522"
"""The code of the error when the files of a blend could not be mixed."""
_BY_OWN_METRIC = ("E132", "E133", "E134")
"""The user's own metric raised, gave no number, or ended its process."""
_SHOWN = 300
"""Most characters of a metric's message that a candidate's author reads: it was made from the answers."""


class Grader:
    """Scores prediction files on private answers; a context manager that owns one warm process.

    Safe to call from several threads; requests are answered one at a time. A file that hangs, fills memory or breaks
    the process costs only its own grade.

    Args:
        private: Folder for the process's own working folder; None means the system's temporary folder.
        time_limit_s: Most seconds of one grade, above 0.
        blend_limit_s: Most seconds of one search for a blend.
        memory_bytes: Most memory of one request.
    """

    def __init__(
        self,
        private: Path | None = None,
        *,
        time_limit_s: float = 60.0,
        blend_limit_s: float = 300.0,
        memory_bytes: int = 4 * 2**30,
    ) -> None:
        self._time_limit_s = time_limit_s
        self._blend_limit_s = blend_limit_s
        self._memory_bytes = memory_bytes
        self._process = GradingProcess(private)
        self._sound: set[str] = set()
        """Digests of the users' metrics that have given something a score."""

    def __enter__(self) -> Grader:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None when it does not run."""
        return self._process.pid

    def close(self) -> None:
        """End the process. The grader cannot be used afterwards."""
        self._process.close()

    def grade(self, task: Task, view: View, predictions: Path) -> Grade:
        """Return the score of `predictions` on `view`, or everything that is wrong with them.

        Args:
            task: Names metric, contract and targets.
            view: One with answers.
            predictions: A private copy of what the candidate wrote: a regular file that nobody else can change.

        Raises:
            TaskError: E13x: the user's own metric fails even on the answers themselves, or the score of this view is
                not defined. A metric that has scored anything and fails on these predictions makes them invalid.
            MachineError: E520 the grading process cannot run, E521 the answers are gone.
        """
        return self._grade(task, view, predictions, seed=None)

    def grade_with_interval(self, task: Task, view: View, predictions: Path, *, seed: int = 0) -> Grade:
        """Return the same with `low`, `high` and `std_error` where they can be had.

        The interval is the 95 % percentile bootstrap of 1,000 resamples of rows (Efron and Tibshirani 1993, chapter
        13); a user's own metric has none, since only its author knows whether rows may repeat.

        Args:
            task: As for `grade`.
            view: As for `grade`.
            predictions: As for `grade`.
            seed: Of the resamples; equal seeds give equal intervals.

        Raises:
            TaskError, MachineError: As for `grade`.
        """
        return self._grade(task, view, predictions, seed=seed)

    def validate(self, task: Task, view: View, predictions: Path) -> tuple[str, ...]:
        """Return what is wrong with the form of `predictions`, a sentence each; empty if nothing.

        Works without answers.

        Args:
            task: Names the contract.
            view: Whose rows are to be predicted.
            predictions: As for `grade`.

        Raises:
            MachineError: E520.
        """
        try:
            self._ask("check", task, view, predictions)
        except Refused as refused:
            return refused.problems
        return ()

    def stats(self, task: Task, view: View, predictions: Path) -> PredictionStats | Invalid:
        """Return what valid predictions look like, for `check_predictions`, or why they are not.

        Args:
            task: Names metric and contract.
            view: Whose rows are to be predicted.
            predictions: As for `grade`.

        Raises:
            MachineError: E520.
        """
        try:
            reply = self._ask("stats", task, view, predictions)
        except Refused as refused:
            return Invalid(problems=refused.problems)
        return decode(PredictionStats, reply["stats"])

    def blend(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Mapping[str, Path]]]
    ) -> Blend:
        """Return the best mix of members' stored predictions on `views`, its scores cross-fitted.

        Greedy ensemble selection with replacement (Caruana et al. 2004). Labels are mixed as class probabilities where
        a member has a `probabilities.csv` (one column a class, or one for the positive class), else as votes; the
        threshold is chosen with the weights. Weights and rule behind the score on a view come from the other views
        (with one view: from other rows), so the scores are honest. Deterministic.

        Args:
            task: Names metric and contract.
            views: At least one, each with answers.
            members: Trial number to view name to output name (`submission.csv`, `probabilities.csv`) to its file.

        Returns:
            A blend that names every member once: with a weight, or left out with the reason. Without any weights
            where nothing can be mixed: a user's own metric, several right labels a row, no valid member, or when the
            search did not end in time.

        Raises:
            TaskError: E13x, as for `grade`.
            MachineError: E520, E521.
        """
        for view in views:
            need_answers(view)
        files = {
            str(number): {
                view: {name: str(path.absolute()) for name, path in outputs.items()} for view, outputs in on.items()
            }
            for number, on in members.items()
        }
        request = {
            "op": "blend",
            "task": encode(grading_task(task)),
            "views": [{"name": view.key.name, **sources(task, view)} for view in views],
            "members": files,
        }
        readable = [path for view in views for path in (view.answers, view.input) if path]
        readable += [path for on in members.values() for outputs in on.values() for path in outputs.values()]
        try:
            reply = self._request(request, task, readable, [], self._blend_limit_s)
        except Refused as refused:
            return Blend(weights={}, left_out=dict.fromkeys(members, "; ".join(refused.problems)))
        return decode(Blend, reply["blend"])

    def combine(
        self, task: Task, view: View, blend: Blend, members: Mapping[int, Mapping[str, Path]], into: Path
    ) -> Mixed:
        """Write the mix of the members' files for `view` into the folder `into`.

        A member whose file is not valid is dropped, which the result says, and the other weights grow; if none is
        valid, the heaviest member's file is copied and none is dropped, so that grading it says what is wrong.

        Args:
            task: Names the contract.
            view: Any; its answers are not used to mix.
            blend: With weights.
            members: Trial number to output name to file, for every weight.
            into: A private folder.

        Raises:
            MachineError: E522, the files could not be mixed in the time and memory that there are; nothing is written.
        """
        target = into / task.output.file
        target.touch()
        mixed = {number: members[number] for number in blend.weights if number in members}
        request = {
            "op": "combine",
            "task": encode(grading_task(task)),
            "settings": blend_settings(task, blend),
            "members": {str(number): absolute(files) for number, files in mixed.items()},
            "into": str(target.absolute()),
            **sources(task, view),
        }
        readable = [path for files in mixed.values() for path in files.values()]
        readable += [*([view.answers] if view.answers else []), *readable_folders(task, view)]
        try:
            reply = self._request(request, task, readable, [target], self._blend_limit_s)
        except Died as died:
            raise MachineError(
                NOT_MIXED,
                f"the blend could not be mixed on {view.key.name}: {died}",
                kept="every finished trial and the last submission",
                fix="a single solution, or a machine with more memory",
            ) from died
        except Refused:
            heaviest = members[next(number for number in blend.weights if number in members)][task.output.file]
            target.write_bytes(heaviest.read_bytes())
            return Mixed(file=target)
        return Mixed(file=target, dropped={int(number): str(why) for number, why in reply["dropped"].items()})

    def weaknesses(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Path]]
    ) -> Weaknesses | None:
        """Return where members' stored predictions are wrong on `views`; None where that cannot be said.

        Only sums over twenty rows or more leave the grading process.

        Args:
            task: Names metric and contract.
            views: At least one, each with answers.
            members: Trial number to view name to its file of predictions, for every view.

        Raises:
            MachineError: E520, E521.
        """
        for view in views:
            need_answers(view)
        request = {
            "op": "weaknesses",
            "task": encode(grading_task(task)),
            "views": [{"name": view.key.name, **sources(task, view)} for view in views],
            "members": {str(number): absolute(files) for number, files in members.items()},
        }
        readable = [path for view in views for path in (view.answers, *readable_folders(task, view)) if path]
        readable += [path for files in members.values() for path in files.values()]
        try:
            reply = self._request(request, task, readable, [], self._time_limit_s)
        except (Refused, TaskError):
            return None
        return decode(Weaknesses, reply["weaknesses"])

    def _grade(self, task: Task, view: View, predictions: Path, *, seed: int | None) -> Grade:
        need_answers(view)
        try:
            reply = self._ask("grade", task, view, predictions, seed=seed)
        except Refused as refused:
            return Invalid(problems=refused.problems)
        except TaskError as error:
            if error.code not in _BY_OWN_METRIC or not self._is_sound(task, view):
                raise
            return Invalid(problems=(f"the metric gives these predictions no score: {error.message[:_SHOWN]}",))
        if task.grader:
            self._sound.add(digest_file(task.folder / task.grader))
        value = float(reply["value"])
        if not math.isfinite(value):
            return Invalid(problems=(f"the score is {value!r}, not a finite number",))
        return Graded(
            score=Score(
                value=value,
                provenance=Provenance.GRADED,
                view=view.key.name,
                rows=int(reply["rows"]),
                low=reply.get("low"),
                high=reply.get("high"),
                std_error=reply.get("std_error"),
            )
        )

    def _is_sound(self, task: Task, view: View) -> bool:
        """Return whether the user's own metric has scored anything, or else gives the answers themselves a score."""
        digest = digest_file(task.folder / (task.grader or ""))
        if digest in self._sound:
            return True
        request = {"op": "self_test", "task": encode(grading_task(task)), **sources(task, view)}
        readable = [*([view.answers] if view.answers else []), *readable_folders(task, view)]
        try:
            sound = bool(self._request(request, task, readable, [], self._time_limit_s)["sound"])
        except (Refused, TaskError):
            sound = False
        if sound:
            self._sound.add(digest)
        return sound

    def _ask(self, op: str, task: Task, view: View, predictions: Path, **extra: Any) -> Mapping[str, Any]:
        request = {"op": op, "task": encode(grading_task(task)), "file": str(predictions.absolute()), **extra}
        request |= sources(task, view)
        readable = [predictions, *([view.answers] if view.answers else []), *readable_folders(task, view)]
        return self._request(request, task, readable, [], self._time_limit_s)

    def _request(
        self, request: Mapping[str, Any], task: Task, readable: Sequence[Path], writable: Sequence[Path], limit_s: float
    ) -> Mapping[str, Any]:
        limits = {
            "readable": [str(path.absolute()) for path in readable],
            "writable": [str(path.absolute()) for path in writable],
            "write_bytes": 8 * 2**30 if writable else 2**20,
            "memory_bytes": self._memory_bytes,
        }
        try:
            reply = self._process.ask({**request, **limits}, time_limit_s=limit_s)
        except Gone as gone:
            raise Died((f"grading failed: {gone.reason}",)) from gone
        return opened(reply, task)
