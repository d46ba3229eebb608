"""Parts: what a run is put together from, and the two services that the engine needs of the floors below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assay.core.candidate import Candidate
from assay.core.clock import Clock
from assay.core.profile import DataProfile
from assay.core.reference import Reference
from assay.core.task import Task
from assay.core.view import Twist, View, ViewKey
from assay.core.weakness import Weaknesses
from assay.engine.activities import Activities
from assay.engine.log import EventLog
from assay.engine.warm_pool import WarmPool
from assay.grading import Blend, Grade, Invalid, Mixed, PredictionStats
from assay.journal.objects import ObjectStore
from assay.kinds.base import Failure, Kind
from assay.models.base import Message, Model
from assay.models.roles import Inputs, Machine
from assay.sandbox.base import Sandbox
from assay.sandbox.gpus import GpuSlots


class CheckFinding(Protocol):
    """What a static check has to say; `assay.grading.checks` makes the real ones."""

    @property
    def code(self) -> str:
        """`L` and two digits."""
        ...

    @property
    def severity(self) -> str:
        """`reject` or `warn`."""
        ...

    @property
    def sentence(self) -> str:
        """What was found, and where."""
        ...


class ViewSource(Protocol):
    """Builds views; `assay.data.Views` is the real one."""

    def fold_keys(self, seed: int = 0) -> tuple[ViewKey, ...]:
        """Return the search folds of the partition `seed`."""
        ...

    def sealed_key(self) -> ViewKey | None:
        """Return the sealed view, or None if nothing is sealed."""
        ...

    def final_key(self) -> ViewKey | None:
        """Return the final view, or None if there is no test file to predict."""
        ...

    def twisted_key(self, fold: ViewKey, twist: Twist) -> ViewKey | None:
        """Return a search fold as the validation gate shows it, or None where the data do not allow that."""
        ...

    def rehearsal_key(self, rows: int) -> ViewKey | None:
        """Return the view of so many rows of the first search fold, or None where these data have none."""
        ...

    def build(self, key: ViewKey) -> View:
        """Return the view, built on first use."""
        ...


class Grading(Protocol):
    """Scores predictions; `assay.grading.Grader` is the real one."""

    def grade(self, task: Task, view: View, predictions: Path) -> Grade:
        """Return the score of `predictions` on `view`, or what is wrong with them."""
        ...

    def grade_with_interval(self, task: Task, view: View, predictions: Path) -> Grade:
        """Return the same with a bootstrap interval."""
        ...

    def validate(self, task: Task, view: View, predictions: Path) -> tuple[str, ...]:
        """Return what is wrong with predictions for a view whose answers nobody has; empty if nothing."""
        ...

    def stats(self, task: Task, view: View, predictions: Path) -> PredictionStats | Invalid:
        """Return what valid predictions look like, for `check_predictions`."""
        ...

    def blend(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Mapping[str, Path]]]
    ) -> Blend:
        """Return weights for members' stored files (trial, view, name), chosen on the views' answers."""
        ...

    def weaknesses(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Path]]
    ) -> Weaknesses | None:
        """Return where members' files of predictions (trial, view) are wrong; None where that cannot be said."""
        ...

    def combine(
        self, task: Task, view: View, blend: Blend, members: Mapping[int, Mapping[str, Path]], into: Path
    ) -> Mixed:
        """Write the mix of members' files (trial, name) for `view` into the folder `into`; say who is not in it."""
        ...


class Repairer(Protocol):
    """Mends a failing candidate; the engine asks it between two attempts of one trial."""

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended | None:
        """Return a mended candidate, or None when there is nothing to try.

        Args:
            key: Key for whatever it asks a model.
            candidate: What failed.
            failure: How.
            round: 1 for the first repair of the trial.
            same: Whether the last repair ended in the same failure.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Mended:
    """A repaired candidate, what was wrong with it, and who says so."""

    candidate: Candidate
    cause: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that is fixed while one engine process works on a run."""

    folder: Path
    """The run's folder."""
    task: Task
    profile: DataProfile
    machine: Machine
    seed: int
    log: EventLog
    objects: ObjectStore
    views: ViewSource
    grading: Grading
    sandbox: Sandbox
    model: Model
    render: Callable[[str, Inputs], tuple[Message, ...]]
    """Renders a role's prompt."""
    check: Callable[[Candidate], Sequence[CheckFinding]]
    """Static checks of a candidate."""
    kinds: Mapping[str, Kind]
    clock: Clock
    activities: Activities
    python: Path | None = None
    """Interpreter of the candidates."""
    secrets: tuple[Path, ...] = ()
    """Host paths that no candidate may reach."""
    hidden: tuple[Path, ...] = ()
    """Host folders that no candidate may see as a whole, though a view may lie in one."""
    gpus: GpuSlots = field(default_factory=GpuSlots)
    """Graphics processors, lent to one execution at a time."""
    references: tuple[Reference, ...] = ()
    """Published solutions to compare the winner with; no model and no candidate sees them."""
    warm: WarmPool | None = None
    """Sandboxes that were started ahead; None starts every execution the usual way."""
