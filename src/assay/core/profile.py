"""DataProfile: what may be told about the data, to people, to prompts and to the playbook.

It is made from the training rows that the search may see; it holds no label of a hidden row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColumnKind(StrEnum):
    """What a column holds, as far as its values show."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    TEXT = "text"
    """Free text: mostly distinct values of several words."""
    DATE = "date"
    IDENTIFIER = "identifier"
    """Distinct in nearly every row and without order or words."""
    CONSTANT = "constant"


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What one column alone tells of the target, on labelled rows of the search; means are over 20 rows or more."""

    explained: float
    """Share of the target that the column's categories, or ten bins of its numbers, explain, in [0, 1], with what
    chance explains taken out: of the variance of its ranks for numbers, of its entropy for labels."""
    rank: float | None = None
    """Spearman's correlation of a column of numbers or dates with the target; None for categories and for a target of
    more than two labels."""
    fifths: tuple[float, ...] = ()
    """Mean target in the fifths of such a column, from its low to its high values, fewer where values repeat; of two
    labels the share of one."""
    groups: tuple[tuple[str, float, int], ...] = ()
    """Categories with the highest and the lowest mean target, the highest first: name, mean, rows."""


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """One column of the training file."""

    name: str
    kind: ColumnKind
    dtype: str
    """As pandas reads it."""
    missing: float
    """Share of missing values in [0, 1]."""
    distinct: int
    """Number of different values, missing ones left out."""
    examples: tuple[str, ...] = ()
    """A few values, each cut to 80 characters."""
    mean: float | None = None
    """Mean of the numbers; None for other kinds, as for the next three."""
    std: float | None = None
    """Standard deviation."""
    low: float | None = None
    """Least value."""
    high: float | None = None
    """Greatest value."""
    mean_words: float | None = None
    """Mean number of words, for text."""
    integral: bool = False
    """Whether every number is whole."""
    in_test: bool = True
    """Whether the test file has the column too."""
    relation: Relation | None = None
    """What it alone tells of the first target; None where that is not known, as for text."""


@dataclass(frozen=True, kw_only=True)
class DataProfile:
    """The training and test files at a glance."""

    train_rows: int
    """Rows of the training file that the search may see."""
    test_rows: int
    """Rows of the test file; 0 where there is none."""
    columns: tuple[ColumnProfile, ...]
    """Columns of the training file that a candidate may use: neither target nor row id."""
    targets: tuple[ColumnProfile, ...]
    target_counts: tuple[tuple[str, int], ...] = ()
    """Labels with their counts, most frequent first, at most 50; empty for numbers."""
    target_skew: float | None = None
    """Sample skewness of a numeric target."""
    told_label: str = ""
    """Of two labels the one whose share relations tell; empty for another target."""
    series: int = 0
    """Number of series, for forecasts."""
    horizon: int = 0
    """Steps ahead, for forecasts."""
    preview: str = ""
    """The first rows as a small Markdown table, for prompts."""
    files: tuple[str, ...] = ()
    """Every file of `./input` with its size, for prompts."""
