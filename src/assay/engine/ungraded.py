"""Ungraded: what stands in the places of data, grading and finish in a run whose task is not graded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from assay.core.exits import Exit
from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.core.trial import TrialState
from assay.core.view import Twist, View, ViewKey
from assay.grading import Blend
from assay.journal.history import History

JOBS = "jobs/expected"
"""Key under which a strategy notes how many jobs there are to be: one that never began is missing, too."""
NO_DATA = DataProfile(train_rows=0, test_rows=0, columns=(), targets=())


class NoViews:
    """No data: there is no fold, no sealed share and nothing to predict."""

    def fold_keys(self, seed: int = 0) -> tuple[ViewKey, ...]:
        """Return no fold."""
        return ()

    def sealed_key(self) -> ViewKey | None:
        """Return that nothing is sealed."""
        return None

    def final_key(self) -> ViewKey | None:
        """Return that there is nothing to predict."""
        return None

    def twisted_key(self, fold: ViewKey, twist: Twist) -> ViewKey | None:
        """Return that no view can be shown otherwise."""
        return None

    def rehearsal_key(self, rows: int) -> ViewKey | None:
        """Return that nothing is rehearsed."""
        return None

    def build(self, key: ViewKey) -> View:
        """Raise: nobody can have a key of a view."""
        raise LookupError(f"a run whose task is not graded has no view {key.name!r}")


class NoGrading:
    """No score: whoever asks for one in such a run is wired wrongly."""

    def grade(self, task: Task, view: View, predictions: Path) -> NoReturn:
        """Raise."""
        raise _ungraded()

    def grade_with_interval(self, task: Task, view: View, predictions: Path) -> NoReturn:
        """Raise."""
        raise _ungraded()

    def validate(self, task: Task, view: View, predictions: Path) -> NoReturn:
        """Raise."""
        raise _ungraded()

    def stats(self, task: Task, view: View, predictions: Path) -> NoReturn:
        """Raise."""
        raise _ungraded()

    def blend(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Mapping[str, Path]]]
    ) -> NoReturn:
        """Raise."""
        raise _ungraded()

    def weaknesses(self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Path]]) -> NoReturn:
        """Raise."""
        raise _ungraded()

    def combine(
        self, task: Task, view: View, blend: Blend, members: Mapping[int, Mapping[str, Path]], into: Path
    ) -> NoReturn:
        """Raise."""
        raise _ungraded()


class UngradedFinish:
    """Nothing is blended, sealed or fitted; the exit code says whether every job was verified."""

    shrunk_score: float | None = None

    def work(self, stopped_by: str) -> int | None:
        """Return that there is no winner."""
        return None

    def exit_code(self, history: History, stopped_by: str, winner: int | None) -> int:
        """Return 0 if every job ended complete, 6 if a provider ended the run, 3 if no job is complete, else 1.

        Every job means all that there are and, where the strategy noted a number under `JOBS`, as many as that.
        """
        if stopped_by.startswith("E3") or stopped_by in ("cost", "tokens"):
            return Exit.PROVIDER
        done = [trial.state is TrialState.COMPLETE for trial in history.trials.values()]
        if all(done) and len(done) >= int(history.notes.get(JOBS, 0)):
            return 0
        return Exit.SHORT if any(done) else Exit.NO_SCORE


def _ungraded() -> LookupError:
    return LookupError("the task of this run is not graded")
