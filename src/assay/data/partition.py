"""Partitions: which labelled rows are sealed and which fold tests each of the others.

Everything follows from the rows, the task's split and a seed; equal inputs give equal partitions on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.core.task import Problem, SplitKind, Task
from assay.data.cells import as_text
from assay.data.dates import as_times
from assay.data.dealing import deal, deal_groups, one_of_each, spread
from assay.data.forecast import series_codes, share_calendar, steps_from_end
from assay.data.labels import sorted_labels

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Rows = np.ndarray[tuple[int], np.dtype[np.bool_]]

_SEALING = 0x5EA1
_FOLDING = 0xF01D
_THINNING = 0x7417
"""Streams of random numbers that must not depend on one another."""
_KEPT_WHEN_FIXED = 0.9
"""Share of the training rows that a fresh seed keeps where the folds themselves are fixed."""
_HELD_OUT = 0.2
"""Share of the search rows that a hold-out split tests."""
_WITH_CLASSES = {Problem.BINARY, Problem.MULTICLASS}


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Two disjoint sets of rows of the training file."""

    train: Rows
    test: Rows


class Partition:
    """The partition of a task's labelled rows.

    Args:
        task: The task.
        frame: The training rows as pandas reads them.
        labels: The first target as text, to spread classes evenly.
        labelled: Which rows have every target.
        test: The test rows, for forecasts.
    """

    def __init__(
        self, task: Task, frame: pd.DataFrame, labels: list[str], labelled: Rows, test: pd.DataFrame | None = None
    ) -> None:
        import numpy as np

        self._task, self._frame, self._labels, self._labelled = task, frame, labels, labelled
        self._split = task.split
        self._series = np.empty(0, dtype=int)
        self._steps = self._from_end(test) if self._split.kind is SplitKind.FORECAST else None
        self.sealed = self._seal()
        """Rows that no fold shows."""

    @property
    def search(self) -> Rows:
        """Labelled rows that are not sealed."""
        search: Rows = self._labelled & ~self.sealed
        return search

    def sealed_slice(self) -> Slice:
        """Return the slice that is opened once: learn from the search rows, predict the sealed ones."""
        return Slice(train=self.search, test=self.sealed)

    def fold(self, number: int, seed: int = 0) -> Slice:
        """Return fold `number` of the partition `seed`; 0 is the search partition."""
        kind = self._split.kind
        if kind is SplitKind.FORECAST:
            return self._window(number, seed)
        if kind is SplitKind.TIME:
            return self._later(number, seed)
        folds = self.folds(seed)
        test = folds == number
        train = self.search & ~test
        if kind is SplitKind.COLUMN and seed:
            train = train & (self._random(seed, _THINNING).random(len(train)) < _KEPT_WHEN_FIXED)
        return Slice(train=train, test=test)

    def folds(self, seed: int = 0) -> np.ndarray:
        """Return the fold of each row, -1 for rows that no fold tests; for splits without order in time."""
        import numpy as np

        kind, k, rows = self._split.kind, self._split.k, np.flatnonzero(self.search)
        folds = np.full(len(self._frame), -1)
        random = self._random(seed, _FOLDING)
        if kind is SplitKind.GROUP:
            groups = self._column_text()
            dealt = deal_groups([groups[row] for row in rows], self._strata(rows), k, random)
        elif kind is SplitKind.COLUMN:
            values = self._column_text()
            names = sorted_labels({values[row] for row in rows})
            dealt = np.array([names.index(values[row]) for row in rows])
        elif kind is SplitKind.HOLDOUT:
            share = max(2, round(1 / _HELD_OUT))
            dealt = deal(self._strata(rows), share, random)
            dealt = np.where(dealt == 0, 0, -1)
        else:
            dealt = deal(self._strata(rows), k, random)
        folds[rows] = dealt
        return folds

    def capped(self, rows: Rows, most: int | None, seed: int) -> Rows:
        """Return at most `most` of `rows`: a random share of each class, or the latest of each series."""
        import numpy as np

        chosen = np.flatnonzero(rows)
        if most is None or len(chosen) <= most:
            return rows
        kept = np.zeros(len(rows), dtype=bool)
        if self._steps is not None:
            latest = chosen[np.argsort(self._steps[chosen], kind="stable")[:most]]
            kept[latest] = True
            return kept
        dealt = spread(self._strata(chosen), self._random(seed, _THINNING))
        kept[chosen[dealt[:most]]] = True
        return kept

    def order(self, rows: Rows, seed: int) -> np.ndarray:
        """Return the numbers of `rows` in the order in which a test file shows them.

        A random one, so that the order of the training file reveals nothing; by time where time is what is split.
        """
        import numpy as np

        chosen = np.flatnonzero(rows)
        if self._split.kind in (SplitKind.FORECAST, SplitKind.TIME):
            return chosen
        return self._random(seed, _SEALING).permutation(chosen)

    def _random(self, seed: int, stream: int) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng([self._split.seed, seed, stream])

    def _strata(self, rows: np.ndarray) -> list[str]:
        if self._task.problem in _WITH_CLASSES and self._split.kind is not SplitKind.KFOLD:
            return [self._labels[row] for row in rows]
        return [""] * len(rows)

    def _column_text(self) -> list[str]:
        return as_text(self._frame[self._split.column])

    def _times(self) -> np.ndarray:
        times = as_times(self._frame[self._split.column])
        if times is None:
            raise TaskError("E120", f"the column {self._split.column!r} does not order rows", fix="--split kfold")
        # A row without a moment is treated as the earliest: it can be learned from and is never tested.
        filled: np.ndarray = times.fillna(times.min() - 1).to_numpy()
        return filled

    def _seal(self) -> Rows:
        """Return the rows to seal, chosen by the rules of the split."""
        import numpy as np

        fraction = self._task.holdout.fraction
        rows = np.flatnonzero(self._labelled)
        sealed = np.zeros(len(self._frame), dtype=bool)
        if fraction <= 0 or not len(rows):
            return sealed
        kind = self._split.kind
        if kind is SplitKind.FORECAST and self._steps is not None:
            sealed[:] = self._labelled & (self._steps < self._horizon)
        elif kind is SplitKind.TIME:
            times = self._times()
            sealed[:] = self._labelled & (times > np.quantile(times[rows], 1 - fraction, method="lower"))
        elif kind is SplitKind.COLUMN:
            values = self._column_text()
            last = sorted_labels(set(values))[-1]
            sealed[:] = self._labelled & np.array([value == last for value in values])
        elif kind is SplitKind.GROUP:
            sealed[rows] = self._sealed_groups(rows, fraction)
        else:
            strata = self._strata(rows)
            order = spread(strata, self._random(0, _SEALING))
            taken = order[: round(fraction * len(rows))]
            sealed[rows[taken]] = True
            sealed[rows[one_of_each(strata, order, taken)]] = True
        return sealed

    def _sealed_groups(self, rows: np.ndarray, fraction: float) -> np.ndarray:
        """Return which of `rows` belong to groups drawn at random until their share is reached."""
        import numpy as np

        groups = self._column_text()
        own = np.array([groups[row] for row in rows], dtype=object)
        names, sizes = np.unique(own.astype(str), return_counts=True)
        order = self._random(0, _SEALING).permutation(len(names))
        spare = max(1, len(names) - self._split.k)
        taken: list[str] = []
        for index in order[:spare]:
            so_far = sum(sizes[i] for i in order[: len(taken)])
            if taken and so_far + sizes[index] / 2 > fraction * len(rows):
                break
            taken.append(names[index])
        chosen: np.ndarray = np.isin(own.astype(str), taken)
        return chosen

    @property
    def _horizon(self) -> int:
        return self._split.horizon or 1

    def _from_end(self, test: pd.DataFrame | None) -> np.ndarray:
        import pandas as pd

        times = as_times(self._frame[self._task.time_column])
        if times is None:
            raise TaskError("E120", f"the column {self._task.time_column!r} does not order rows", fix="--split kfold")
        series = series_codes(self._frame, self._task.series_columns)
        self._series = pd.factorize(series)[0]
        aligned = False
        if test is not None:
            later = as_times(test[self._task.time_column])
            aligned = later is not None and share_calendar(series_codes(test, self._task.series_columns), later)
        return steps_from_end(series, times, aligned=aligned)

    def _window(self, number: int, seed: int) -> Slice:
        """Return the horizon that ends `number` horizons before the last that is not sealed.

        A fresh seed rolls all windows back by a part of a horizon.
        """
        import numpy as np

        if self._steps is None:
            raise LookupError("no steps")
        horizon = self._horizon
        back = int(self._random(seed, _FOLDING).integers(1, horizon + 1)) if seed else 0
        end = horizon * (number + (1 if self._task.holdout.fraction > 0 else 0)) + back
        test = self.search & (self._steps >= end) & (self._steps < end + horizon)
        train = self.search & (self._steps >= end + horizon)
        known = np.isin(self._series, np.unique(self._series[train]))
        return Slice(train=train, test=test & known)

    def _later(self, number: int, seed: int) -> Slice:
        """Return the block `number + 1` of k + 1 blocks in time, and all rows before it.

        A fresh seed moves the borders by up to half a block.
        """
        import numpy as np

        times, search = self._times(), self.search
        parts = self._split.k + 1
        shift = (self._random(seed, _FOLDING).random() - 0.5) if seed else 0.0
        borders = [min(1.0, max(0.0, (step + shift) / parts)) for step in (number + 1, number + 2)]
        if number == self._split.k - 1:
            borders[1] = 1.0
        low, high = (float(np.quantile(times[search], border, method="lower")) for border in borders)
        test = search & (times > low) & (times <= high)
        if not test.any():  # many rows at one moment: the block is that moment
            test = search & (times == high)
        return Slice(train=search & (times < times[test].min()), test=test)
