"""Test rows of a view: training rows in the dress of the real test file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING, Any

from assay.core.task import SplitKind, Task
from assay.data.cells import as_text
from assay.data.dates import as_times
from assay.data.facts import Facts
from assay.data.forecast import series_codes
from assay.data.packing import Format
from assay.data.tables import Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_SEPARATORS = ("_", "-", "", "|", ":", "/", ".", " ", "__")
_TEXT = (Format.CSV, Format.TSV)


@dataclass(frozen=True, kw_only=True)
class _IdPattern:
    """How the test file makes ids: some columns and perhaps a step, joined."""

    columns: tuple[str, ...]
    """`<step>` stands for the step."""
    separator: str
    first_step: int


class TestRows:
    """Makes test files of training rows.

    Args:
        task: The task.
        facts: Its tables.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    def __init__(self, task: Task, facts: Facts) -> None:
        self._task, self._facts = task, facts
        self._like = facts.test or facts.train
        self._train = facts.train.frame if self._like.format is facts.train.format else facts.train_typed

    @property
    def table(self) -> Table:
        """The table whose format and name test files take."""
        return self._like

    @property
    def name(self) -> str:
        """The file name of the test file in every view."""
        if self._facts.test is not None:
            return self._facts.test.name
        return "test." + self._facts.train.name.rsplit(".", 1)[-1]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of every test file."""
        if self._facts.test is not None:
            return self._facts.test.columns
        return tuple(name for name in self._facts.train.columns if name not in self._task.targets)

    def arranged(self, rows: np.ndarray) -> np.ndarray:
        """Return `rows` in the order that the real test file has, where that follows series and time."""
        import numpy as np

        if self._task.split.kind is not SplitKind.FORECAST:
            return rows
        series = self._series[rows]
        names = dict.fromkeys([*self._test_series, *series])
        place = {name: number for number, name in enumerate(names)}
        rank = np.array([place[name] for name in series])
        times = as_times(self._facts.train_typed[self._task.time_column])
        moment = times.to_numpy()[rows] if times is not None else rows
        keys = (moment, rank) if self._by_series else (rank, moment)
        return rows[np.lexsort(keys)]

    def frame(self, rows: np.ndarray) -> pd.DataFrame:
        """Return the test file for the training rows `rows`, in their order."""
        import pandas as pd

        steps = self._steps(rows) if self._task.split.kind is SplitKind.FORECAST else None
        columns: dict[str, Any] = {}
        for name in self.columns:
            if name in self._facts.train.columns and name not in self._task.targets:
                columns[name] = self._train[name].iloc[rows].reset_index(drop=True)
            elif name == self._task.id_column:
                columns[name] = self._ids(rows, steps)
            elif steps is not None and name == self._step_column:
                columns[name] = self._native([step + self._first_step for step in steps])
            else:
                columns[name] = self._native([None] * len(rows))
        return pd.DataFrame(columns)

    def ids(self, frame: pd.DataFrame) -> tuple[str, list[str]]:
        """Return the name and the text of what identifies the rows of `frame` in a submission."""
        name = self._task.output.id_column
        if name is not None and self._task.id_column is not None and name in frame:
            return name, as_text(frame[name])
        first = 0
        if name is not None and self._facts.sample is not None:
            first = int(as_text(self._facts.sample.frame[name].head(1))[0])
        return name or "row", [str(first + place) for place in range(len(frame))]

    def _native(self, values: list[Any]) -> pd.Series:
        import pandas as pd

        if self._like.format in _TEXT:
            return pd.Series(["" if value is None else str(value) for value in values], dtype=object)
        return pd.Series(values)

    def _ids(self, rows: np.ndarray, steps: list[int] | None) -> pd.Series:
        """Return ids that the training file does not have: by the test file's pattern, else counted."""
        pattern = self._pattern if steps is not None else None
        if pattern is None or steps is None:
            return self._native(list(range(len(rows))))
        parts = []
        for name in pattern.columns:
            if name == "<step>":
                parts.append([str(step + pattern.first_step) for step in steps])
            else:
                parts.append(as_text(self._facts.train.frame[name].iloc[rows]))
        joined = [pattern.separator.join(part) for part in zip(*parts, strict=True)]
        return self._native(joined)

    @cached_property
    def _series(self) -> np.ndarray:
        codes: np.ndarray = series_codes(self._facts.train_typed, self._task.series_columns).to_numpy()
        return codes

    @cached_property
    def _test_series(self) -> list[str]:
        test = self._facts.test_typed
        return [] if test is None else series_codes(test, self._task.series_columns).tolist()

    @cached_property
    def _by_series(self) -> bool:
        """Whether the test file shows one series after the other."""
        blocks = sum(a != b for a, b in zip(self._test_series, self._test_series[1:], strict=False)) + 1
        return blocks == len(set(self._test_series))

    def _steps(self, rows: np.ndarray) -> list[int]:
        """Return the number of each row within its series, from 0, in the order of `rows`."""
        return _counted([self._series[row] for row in rows])

    @cached_property
    def _step_column(self) -> str | None:
        """A column of the test file alone that counts the steps of each series, from 0 or 1."""
        test = self._facts.test
        if test is None:
            return None
        steps = _counted(self._test_series)
        for name in test.columns:
            if name in self._facts.train.columns or name == self._task.id_column:
                continue
            values = as_text(test.frame[name])
            if values in ([str(step) for step in steps], [str(step + 1) for step in steps]):
                return name
        return None

    @cached_property
    def _first_step(self) -> int:
        test = self._facts.test
        if test is None or self._step_column is None:
            return 1
        return int(as_text(test.frame[self._step_column].head(1))[0])

    @cached_property
    def _pattern(self) -> _IdPattern | None:
        """How the ids of the test file follow from its other columns, if they do."""
        test = self._facts.test
        if test is None or self._task.id_column is None:
            return None
        wanted = as_text(test.frame[self._task.id_column])
        steps = _counted(self._test_series)
        known = {name: as_text(test.frame[name]) for name in self._task.series_columns}
        ends: list[tuple[str, int, list[str]]] = [
            ("<step>", 1, [str(step + 1) for step in steps]),
            ("<step>", 0, [str(step) for step in steps]),
        ]
        if self._task.time_column is not None:
            ends.append((self._task.time_column, 0, as_text(test.frame[self._task.time_column])))
        for last, first_step, values in ends:
            parts = known | {last: values}
            for order in permutations(parts):
                for separator in _SEPARATORS if len(order) > 1 else ("",):
                    joined = (separator.join(row) for row in zip(*(parts[name] for name in order), strict=True))
                    if all(made == id_ for made, id_ in zip(joined, wanted, strict=True)):
                        return _IdPattern(columns=order, separator=separator, first_step=first_step)
        return None


def _counted(names: list[str]) -> list[int]:
    """Return for each name how often it stood before."""
    seen: dict[str, int] = {}
    counts = []
    for name in names:
        counts.append(seen.get(name, 0))
        seen[name] = counts[-1] + 1
    return counts
