"""Weakness: where a solution is wrong, as sums over many rows; no single row can be told from it."""

from __future__ import annotations

from dataclasses import dataclass

NOTE = "weak/"
"""How the keys of the notes begin under which a run keeps what it found."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Some rows that have something in common, at least twenty."""

    by: str
    """What they have in common: `target`, `predicted`, `class`, or the name of a column."""
    name: str
    """Which of its values: a range, a label or a category."""
    rows: int
    """At least 20."""
    loss: float
    """Of these rows, as `Weakness.measure` names it."""
    share: float
    """Share of the loss of all rows that is theirs, 0 .. 1."""
    bias: float | None = None
    """Mean of predicted minus true; for a probability, the mean predicted minus the share of the positive class. None
    for labels."""
    taken_for: str = ""
    """Of a class: the label that most of those that are wrong were given."""


@dataclass(frozen=True, kw_only=True)
class Weakness:
    """Where the stored predictions of a trial are wrong, on search folds that it was not trained on."""

    measure: str
    """What the losses are, in a few words: `root mean squared error`."""
    rows: int
    """Rows of all its folds together."""
    folds: int
    """Search folds that were looked at."""
    loss: float
    """Over all rows."""
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Weaknesses:
    """Those of several trials on the same rows."""

    trials: tuple[int, ...] = ()
    """Numbers of the trials; who could not be looked at is missing."""
    found: tuple[Weakness, ...] = ()
    """Theirs, in the same order."""
    alike: tuple[tuple[int, int, float], ...] = ()
    """Correlation of the errors of two trials, row by row, -1 .. 1."""

    def of(self, trial: int) -> Weakness | None:
        """Return that of a trial; None where it could not be looked at."""
        return self.found[self.trials.index(trial)] if trial in self.trials else None
