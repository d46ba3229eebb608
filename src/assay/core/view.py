"""View: the data as one fold, the sealed check or the final fit shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ViewKind(StrEnum):
    """Which rows are labelled and which are asked for."""

    FOLD = "fold"
    """Train: the other folds of the search rows. Test: this fold, without labels."""
    SEALED = "sealed"
    """Train: all search rows. Test: the sealed holdout, without labels."""
    FINAL = "final"
    """Train: every labelled row. Test: the real test file."""
    REHEARSAL = "rehearsal"
    """Train: a few rows of what a fold trains on. Test: as few of its test rows; their labels are kept nowhere."""


class Twist(StrEnum):
    """What the validation gate changes about a search fold before it shows it to the winner once more."""

    AGAIN = "again"
    """Nothing: the same files, for runs with the same seed or with others."""
    SHUFFLED = "shuffled"
    """The targets of the training rows are permuted among them at random, several targets of a row together."""
    TURNED = "turned"
    """They are permuted against their order: the smallest number goes to where the largest was, a class to where
    another one was as far as that is possible. What can be learned is then wrong, not only useless."""
    TRAINED = "trained"
    """The test rows are a sample of the training rows."""


@dataclass(frozen=True, kw_only=True)
class ViewKey:
    """Names a view of a task. Equal keys on equal data give byte-equal files."""

    kind: ViewKind
    fold: int | None = None
    """0 .. k-1 for FOLD."""
    seed: int = 0
    """Added to the split's seed: 0 is the search partition, others are fresh partitions for confirmation."""
    row_cap: int | None = None
    """Most training rows, of a rehearsal also most test rows; None shows all."""
    twist: Twist | None = None
    """What the validation gate changes; None for every view that a score rests on."""

    @property
    def name(self) -> str:
        """A file-name-safe name, for example `fold-0`, `fold-0-seed-1`, `sealed`, `shuffled-0`, `rehearsal-0`."""
        fold = "" if self.fold is None else f"-{self.fold}"
        seed = f"-seed-{self.seed}" if self.seed else ""
        return f"{self.twist or self.kind}{fold}{seed}"


def is_rehearsal(name: str) -> bool:
    """Return whether the view of this name is that of a rehearsal: no score comes of it."""
    return name.startswith(f"{ViewKind.REHEARSAL}-")


@dataclass(frozen=True, kw_only=True)
class View:
    """A built view on disk."""

    key: ViewKey
    input: Path
    """Folder to be mounted read-only as `./input`; holds no hidden label."""
    answers: Path | None
    """Private CSV with the hidden labels of the test rows; None when nobody has them."""
    train_rows: int
    """Rows of the training file that it shows."""
    test_rows: int
    """Rows that are to be predicted."""
    partial: bool = False
    """Whether `answers` covers only some of the rows that must be predicted, as where a user's own `prepare` made
    them and half are sealed: the other predictions are required, and not scored."""
