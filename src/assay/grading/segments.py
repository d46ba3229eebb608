"""Segments: rows that have something in common, and how wrong a prediction is on them. In the grading process only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assay.core.profile import ColumnKind
from assay.core.weakness import Segment, Weakness
from assay.data.profile import column_kind
from assay.data.relations import Target, categories, evenly, relation, split_evenly
from assay.grading.arrays import Floats
from assay.grading.row_losses import RowLosses

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]

FEWEST_ROWS = 20
"""Of fewer rows nothing is told."""
PARTS = 5
_CLASSES = 8
_COLUMNS = 3
"""Columns by which the loss is told: those whose values tell most of it, ..."""
_TELLING = 0.005
"""... if they explain at least so much."""
_WORST = 2
"""Segments that are told of each such column: those with the largest share of the loss beyond their share of rows."""
_OFFERED = 200
"""Columns that are looked at."""


def weakness(rows: RowLosses, frame: pd.DataFrame | None, *, folds: int) -> Weakness:
    """Return where the rows' loss lies.

    Args:
        rows: What each row costs.
        frame: The same rows as candidates saw them, without labels; None where they are no table.
        folds: How many folds the rows come from.
    """
    sums = _Sums(rows)
    segments = [*sums.by_value("target", rows.truth), *sums.by_value("predicted", rows.predicted), *sums.by_class()]
    if frame is not None and sums.total > 0:
        segments += sums.by_columns(frame)
    loss = _rounded(sums.mean(np.ones(len(rows.loss), dtype=bool)))
    return Weakness(measure=rows.measure, rows=len(rows.loss), folds=folds, loss=loss, segments=tuple(segments))


class _Sums:
    def __init__(self, rows: RowLosses) -> None:
        self._rows = rows
        self.total = float(rows.loss.sum())

    def mean(self, chosen: Mask) -> float:
        mean = float(self._rows.loss[chosen].mean())
        return mean**0.5 if self._rows.rooted else mean

    def by_value(self, by: str, values: Floats | None) -> Iterator[Segment]:
        """Yield the fifths of what is true or predicted, from low to high."""
        if values is None:
            return
        parts = min(PARTS, len(values) // FEWEST_ROWS)
        if parts < 2:
            return
        codes = split_evenly(values, parts)
        for part in range(int(codes.max()) + 1):
            chosen = codes == part
            inside = values[chosen]
            yield from self._one(by, _range(float(inside.min()), float(inside.max())), chosen)

    def by_class(self) -> Iterator[Segment]:
        """Yield the classes, those with most of the loss first."""
        true = np.array(self._rows.true)
        if not len(true):
            return
        names, codes = np.unique(true, return_inverse=True)
        sums = np.bincount(codes, weights=self._rows.loss)
        for at in np.argsort(-sums, kind="stable")[:_CLASSES]:
            yield from self._one("class", str(names[at]), codes == at, taken_for=self._taken_for(codes == at))

    def by_columns(self, frame: pd.DataFrame) -> Iterator[Segment]:
        """Yield the worst categories or fifths of the columns that tell most of the loss."""
        seen = evenly(len(frame), min(frame.shape[1], _OFFERED))
        target = Target(self._rows.loss[seen], numeric=True)
        told = []
        for name in list(frame.columns)[:_OFFERED]:
            kind = column_kind(frame[name])
            found = relation(frame[name].iloc[seen], kind, target) if kind is not ColumnKind.IDENTIFIER else None
            if found is not None and found.explained >= _TELLING:
                told.append((found.explained, str(name)))
        for _, name in sorted(told, key=lambda entry: (-entry[0], entry[1]))[:_COLUMNS]:
            yield from self._worst(name, frame[name])

    def _worst(self, name: str, column: pd.Series) -> list[Segment]:
        found = [segment for label, chosen in _groups(column) for segment in self._one(name, label, chosen)]
        excess = sorted(found, key=lambda s: s.rows / len(self._rows.loss) - s.share)
        return [s for s in excess[:_WORST] if s.share * len(self._rows.loss) > s.rows]

    def _one(self, by: str, name: str, chosen: Mask, *, taken_for: str = "") -> list[Segment]:
        count = int(chosen.sum())
        if count < FEWEST_ROWS:
            return []
        directed = self._rows.predicted is not None
        return [
            Segment(
                by=by,
                name=name[:60],
                rows=count,
                loss=_rounded(self.mean(chosen)),
                share=_rounded(float(self._rows.loss[chosen].sum()) / self.total) if self.total > 0 else 0.0,
                bias=_rounded(float(self._rows.error[chosen].mean())) if directed else None,
                taken_for=taken_for,
            )
        ]

    def _taken_for(self, chosen: Mask) -> str:
        """Return the wrong label that most of these rows were given; empty where those are few."""
        rows = self._rows
        if not rows.given:
            return ""
        wrong = Counter(rows.given[at] for at in np.flatnonzero(chosen) if rows.given[at] != rows.true[at])
        label, count = wrong.most_common(1)[0] if wrong else ("", 0)
        return label[:60] if count >= FEWEST_ROWS // 2 else ""


def correlations(errors: dict[int, Floats]) -> tuple[tuple[int, int, float], ...]:
    """Return how the errors of each two members correlate over the rows; without those that do not vary."""
    numbers = [number for number, values in errors.items() if float(np.ptp(values)) > 0]
    return tuple(
        (one, other, round(float(np.corrcoef(errors[one], errors[other])[0, 1]), 3))
        for place, one in enumerate(numbers)
        for other in numbers[place + 1 :]
    )


def _groups(column: pd.Series) -> Iterator[tuple[str, Mask]]:
    if column.dtype.kind not in "iuf":
        codes, names = categories(column)
        yield from ((name, codes == at) for at, name in enumerate(names))
        return
    values = column.astype("float64").to_numpy()
    there = np.isfinite(values)
    codes = split_evenly(values, PARTS)
    for part in range(int(codes.max()) + 1):
        inside = values[(codes == part) & there]
        yield (_range(float(inside.min()), float(inside.max())) if len(inside) else "(missing)"), codes == part


def _range(low: float, high: float) -> str:
    return f"{_told(low)} to {_told(high)}" if low != high else _told(low)


def _told(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _rounded(value: float) -> float:
    """Return four significant digits: a prompt must not change with the last bit of a sum."""
    return float(f"{value:.4g}")


def together(losses: Sequence[RowLosses]) -> RowLosses:
    """Return the rows of several folds as one."""
    first = losses[0]

    def joined(parts: list[Floats | None]) -> Floats | None:
        known = [part for part in parts if part is not None]
        return np.concatenate(known) if len(known) == len(parts) else None

    return RowLosses(
        measure=first.measure,
        rooted=first.rooted,
        loss=np.concatenate([one.loss for one in losses]),
        error=np.concatenate([one.error for one in losses]),
        predicted=joined([one.predicted for one in losses]),
        truth=joined([one.truth for one in losses]),
        given=tuple(label for one in losses for label in one.given),
        true=tuple(label for one in losses for label in one.true),
    )
