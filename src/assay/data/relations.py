"""Relations: what each column alone tells of the target, on rows that the caller has chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.core.profile import ColumnKind, Relation
from assay.data.dates import as_times

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

MISSING, OTHERS = "(missing)", "(others)"
_CELLS = 4_000_000
"""Cells that are looked at: with many columns fewer rows, evenly spaced, so that it stays a matter of a second."""
_MOST_ROWS, _FEWEST_ROWS = 50_000, 2_000
_BINS, _MOST_CATEGORIES = 10, 200
_RARE_ROWS = 5
_SHOWN_ROWS = 20
"""A mean over fewer rows than these is not told: it would tell of single rows."""
_SHOWN_GROUPS = 5


class Target:
    """The target of some rows, as relations need it.

    Args:
        values: Numbers, or labels as text; no missing ones.
        numeric: Whether they are numbers.
        positive: Of two labels, the one whose share is told; the other is the rest. None for more than two.
    """

    def __init__(self, values: NDArray[Any], *, numeric: bool, positive: str | None = None) -> None:
        self.codes: Codes | None = None
        self.means: Floats | None = None
        """What the mean of a group is taken over; None for more than two labels."""
        if numeric:
            self.means = values.astype(np.float64)
            self.ranks = _ranks(self.means)
        else:
            labels, self.codes = np.unique(values, return_inverse=True)
            if positive is not None and len(labels) == 2:
                self.means = (labels[self.codes] == positive).astype(np.float64)
                self.ranks = _ranks(self.means)

    def explained(self, groups: Codes) -> float:
        """Return the share of the target that groups explain, 0 .. 1, with what chance alone would explain taken out.

        Of numbers the variance of their ranks, as adjusted R² (the ε² of the Kruskal-Wallis test; M. and E. Tomczak,
        Trends in Sport Sciences 21 (2014) 19-25). Of labels their entropy (Theil's U), the mutual information lowered
        by its bias (G. Miller, Information Theory in Psychology (1955) 95-100).
        """
        n, k = len(groups), int(groups.max()) + 1 if len(groups) else 0
        if k < 2 or n <= k:
            return 0.0
        share = self._of_variance(groups, n, k) if self.codes is None else self._of_entropy(self.codes, groups, n, k)
        return float(min(1.0, max(0.0, share)))

    def _of_variance(self, groups: Codes, n: int, k: int) -> float:
        total = float(((self.ranks - self.ranks.mean()) ** 2).sum())
        if total <= 0:
            return 0.0
        counts = np.bincount(groups, minlength=k)
        sums = np.bincount(groups, weights=self.ranks, minlength=k)
        within = float((self.ranks**2).sum() - (sums**2 / np.maximum(counts, 1)).sum())
        return 1.0 - (within / (n - k)) / (total / (n - 1))

    @staticmethod
    def _of_entropy(codes: Codes, groups: Codes, n: int, k: int) -> float:
        c = int(codes.max()) + 1
        joint = np.bincount(groups * c + codes, minlength=k * c).reshape(k, c).astype(np.float64)
        of_labels = _entropy(joint.sum(axis=0))
        if of_labels <= 0:
            return 0.0
        shared = of_labels + _entropy(joint.sum(axis=1)) - _entropy(joint.ravel())
        return (shared - (k - 1) * (c - 1) / (2 * n)) / of_labels


def evenly(rows: int, columns: int) -> Codes:
    """Return which of `rows` rows are looked at when there are so many columns."""
    most = min(_MOST_ROWS, max(_FEWEST_ROWS, _CELLS // max(1, columns)))
    return np.linspace(0, rows - 1, most).astype(np.int64) if rows > most else np.arange(rows, dtype=np.int64)


def relation(column: pd.Series, kind: ColumnKind, target: Target) -> Relation | None:
    """Return what a column tells of the target; None for text and for what has but one value.

    Args:
        column: Its typed values, in the rows of the target.
        kind: What it holds.
        target: The target.
    """
    if kind in (ColumnKind.TEXT, ColumnKind.CONSTANT) or not len(column):
        return None
    numbers = as_times(column)
    if kind is ColumnKind.IDENTIFIER and numbers is None:
        return None
    if numbers is None:
        codes, names = categories(column)
        return Relation(explained=_rounded(target.explained(codes)), groups=_extremes(codes, names, target.means))
    values = numbers.to_numpy(dtype=np.float64)
    there = np.isfinite(values)
    if len(np.unique(values[there])) < 2:
        return None
    rank = None if target.means is None else _correlation(_ranks(values[there]), _ranks(target.means[there]))
    return Relation(
        explained=_rounded(target.explained(split_evenly(values, _BINS))),
        rank=None if rank is None else _rounded(rank),
        fifths=_fifths(values, target.means),
    )


def categories(column: pd.Series) -> tuple[Codes, list[str]]:
    """Return the category of each row as a position in the list of names, the most frequent first.

    Missing values are a category; those that are rare, or beyond the first 200, are one together, the last.
    """
    there = column.notna().to_numpy()
    texts = np.where(there, column.astype(str).to_numpy(dtype=object), MISSING).astype(str)
    names, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    kept = [at for at in np.argsort(-counts, kind="stable")[:_MOST_CATEGORIES] if counts[at] >= _RARE_ROWS]
    new = np.full(len(names), len(kept), dtype=np.int64)
    new[kept] = np.arange(len(kept))
    return new[codes], [str(names[at]) for at in kept] + [OTHERS] * (len(kept) < len(names))


def split_evenly(values: Floats, count: int) -> Codes:
    """Return the bin of each value, about equally many in each; missing ones have a bin of their own."""
    there = np.isfinite(values)
    distinct = np.unique(values[there])
    inner = np.quantile(values[there], np.linspace(0, 1, count + 1)[1:-1])
    edges = distinct[1:] if len(distinct) <= count else np.unique(inner)
    found = np.searchsorted(edges, values, side="right")
    # Without gaps: an edge that equals the lowest value leaves the bin before it empty.
    return np.asarray(np.unique(np.where(there, found, -1), return_inverse=True)[1], dtype=np.int64)


def _fifths(values: Floats, means: Floats | None) -> tuple[float, ...]:
    """Return the mean target in the fifths of a column, from its low to its high values; empty where it has few."""
    there = np.isfinite(values)
    if means is None or len(np.unique(values[there])) < _SHOWN_GROUPS or there.sum() < _SHOWN_GROUPS * _SHOWN_ROWS:
        return ()
    codes, shown = split_evenly(values[there], _SHOWN_GROUPS), means[there]
    counts = np.bincount(codes)
    if counts.min() < _SHOWN_ROWS:
        return ()
    return tuple(_rounded(float(mean)) for mean in np.bincount(codes, weights=shown) / counts)


def _extremes(codes: Codes, names: list[str], means: Floats | None) -> tuple[tuple[str, float, int], ...]:
    """Return the categories with the highest and the lowest mean target, the highest first."""
    if means is None:
        return ()
    counts = np.bincount(codes, minlength=len(names))
    sums = np.bincount(codes, weights=means, minlength=len(names))
    large = [at for at in range(len(names)) if counts[at] >= _SHOWN_ROWS and names[at] != OTHERS]
    order = sorted(large, key=lambda at: -sums[at] / counts[at])
    shown = order if len(order) <= _SHOWN_GROUPS else [*order[:3], *order[-2:]]
    return tuple((names[at][:40], _rounded(float(sums[at] / counts[at])), int(counts[at])) for at in shown)


def _ranks(values: Floats) -> Floats:
    """Return ranks from 0, equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2.0)[inverse], dtype=np.float64)


def _correlation(first: Floats, second: Floats) -> float | None:
    one, other = first - first.mean(), second - second.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / size) if size > 0 else None


def _entropy(counts: NDArray[Any]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _rounded(value: float) -> float:
    """Return four significant digits: a prompt must not change with the last bit of a sum."""
    return float(f"{value:.4g}")
