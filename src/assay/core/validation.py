"""Validation: the checks of the winner, and how each of them can end."""

from __future__ import annotations

from enum import StrEnum

FAILED = "W409"
"""The code of the remark that a check failed."""


class Check(StrEnum):
    """What the validation gate looks at, in the order of value; the last takes no time."""

    LINT = "lint"
    """The static checks, on the winner's final code."""
    SHUFFLED = "shuffled"
    """With shuffled training labels the score must fall to that of a constant."""
    REPEAT = "repeat"
    """The same seed must give the same predictions."""
    SEEDS = "seeds"
    """The score must not depend on the seed more than it gains."""
    GAP = "gap"
    """How much better the score is on rows that were learned from."""
    PUBLISHED = "published"
    """Whether it is a published solution again; made only where a person handed in some to compare with."""

    @property
    def words(self) -> str:
        """A few words for tables."""
        return _WORDS[self]


class Standing(StrEnum):
    """How a check ended. Only `passed` counts as passed."""

    PASSED = "passed"
    WARNING = "warning"
    """Something to know, and no reason to distrust the score by itself."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """It told nothing: no time, not possible with these data, or the script failed under it."""


_WORDS = {
    Check.LINT: "contract lint",
    Check.SHUFFLED: "shuffled labels",
    Check.REPEAT: "same seed, same predictions",
    Check.SEEDS: "other seeds",
    Check.GAP: "training against graded score",
    Check.PUBLISHED: "against published solutions",
}
