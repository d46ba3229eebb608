"""Task: what is to be predicted, from which files, how it is split, measured and handed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assay.core.metric import Direction, Metric, Needs


class Problem(StrEnum):
    """The shape of what is predicted."""

    REGRESSION = "regression"
    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    """Several 0/1 target columns."""
    FORECAST = "forecast"
    """Future values of one or more series."""
    CUSTOM = "custom"
    """Only the user's own `grade` and `prepare` know."""
    UNGRADED = "ungraded"
    """Nothing is predicted: candidates are jobs, executed for their evidence; there are no data, folds or metric."""


class SplitKind(StrEnum):
    """How labelled rows are divided into folds."""

    KFOLD = "kfold"
    STRATIFIED = "stratified"
    GROUP = "group"
    TIME = "time"
    """Rows ordered by `column`; each fold is tested on rows later than its training rows."""
    HOLDOUT = "holdout"
    """One fold: a random share of the rows."""
    COLUMN = "column"
    """`column` names the fold of each row."""
    FORECAST = "forecast"
    """The last `horizon` steps of each series, rolled back once a fold."""
    PREPARED = "prepared"
    """The user's own `prepare(raw, public, private)` makes the view."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """How the search folds are made. The digest of the rows decides nothing: `seed` does."""

    kind: SplitKind
    k: int = 5
    """Number of folds, at least 1."""
    seed: int = 0
    """Decides which row is in which fold."""
    column: str | None = None
    """Group, time or fold column, by `kind`."""
    horizon: int | None = None
    """Steps ahead, for forecasts."""


@dataclass(frozen=True, kw_only=True)
class Holdout:
    """The sealed share of the labelled rows, opened once, for the winner."""

    fraction: float = 0.15
    """Share of the labelled rows in [0, 0.5]; 0 means that nothing is sealed."""


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """Files of the user's folder by role; paths relative to it, with `/`."""

    train: str
    test: str | None = None
    sample: str | None = None
    """The sample submission: it fixes columns, ids and their order."""
    description: str | None = None
    side: tuple[str, ...] = ()
    """Files and folders that every view shows unchanged and read-only (images, texts, geometries)."""
    hidden: tuple[str, ...] = ()
    """Files in those folders that no view shows: the target is in them, or could be."""


@dataclass(frozen=True, kw_only=True)
class OutputContract:
    """What a candidate must write to `./output/submission.csv`."""

    needs: Needs
    id_column: str | None
    """Identifies rows; None means one row per test row, in the order of the test file."""
    columns: tuple[str, ...]
    """Prediction columns, in order, without the id column."""
    classes: tuple[str, ...] = ()
    """The labels as text: those allowed for LABELS; in the order of `columns` for CLASS_PROBABILITIES."""
    sum_to_one: bool = False
    """Whether each row's class probabilities must sum to one."""
    file: str = "submission.csv"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Everything that is fixed before a run starts. Its digest is part of every run."""

    name: str
    folder: Path
    """The user's folder, absolute. Not part of the digest: it can be moved."""
    statement: str
    """What is to be done, in the user's words."""
    problem: Problem
    data: DataFiles
    targets: tuple[str, ...]
    id_column: str | None
    metric: Metric
    output: OutputContract
    split: Split
    holdout: Holdout = Holdout()
    series_columns: tuple[str, ...] = ()
    """What names a series, for forecasts."""
    time_column: str | None = None
    row_cap: int = 30_000
    """Most training rows shown to a candidate during search; the final fit gets all."""
    grader: str | None = None
    """A user's own metric: a Python file with `grade(submission, answers) -> float`, relative to the folder."""
    prepare: str | None = None
    """A user's own split: a Python file with `prepare(raw, public, private)`, relative to the folder."""
    data_digest: str = ""
    """One digest over the content of all data files."""

    @property
    def target(self) -> str:
        """The only target, or the first of several."""
        return self.targets[0]

    @property
    def graded(self) -> bool:
        """Whether candidates are scored; nobody asks for data, folds or metric of a task where they are not."""
        return self.problem is not Problem.UNGRADED


def ungraded_task(name: str, folder: Path, statement: str) -> Task:
    """Return a task whose candidates are jobs: executed for their evidence, never scored.

    Args:
        name: Short name, for tables.
        folder: The user's folder, absolute.
        statement: What is to be done, in the user's words.
    """
    return Task(
        name=name,
        folder=folder,
        statement=statement,
        problem=Problem.UNGRADED,
        data=DataFiles(train=""),
        targets=(),
        id_column=None,
        metric=Metric(name="none", direction=Direction.HIGHER, needs=Needs.VALUES),
        output=OutputContract(needs=Needs.VALUES, id_column=None, columns=(), file=""),
        split=Split(kind=SplitKind.HOLDOUT, k=1),
        holdout=Holdout(fraction=0.0),
    )
