"""Grade: what comes of comparing one prediction file with private answers."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.score import Score


@dataclass(frozen=True, kw_only=True)
class Graded:
    """The file was valid and has a score."""

    score: Score


@dataclass(frozen=True, kw_only=True)
class Invalid:
    """The file is not what was asked for; it has no score, which is not a low score."""

    problems: tuple[str, ...]
    """Everything that is wrong, one sentence each, for a person or a model that must repair it."""


Grade = Graded | Invalid


@dataclass(frozen=True, kw_only=True)
class PredictionStats:
    """What valid predictions look like, for `check_predictions`."""

    rows: int
    """How many were predicted."""
    distinct: int
    """Different predictions among the rows, at least 1."""
    top_share: float
    """Share of the rows that hold the most frequent prediction, in (0, 1]."""
    same_as: str = ""
    """A column of the test file that they repeat, number by number; empty if there is none."""
    follows_ids: bool = False
    """Whether predictions and row ids, both as numbers, are perfectly ordered together."""
