"""Builder: writes the views of a task. Runs in a trusted child process, where pandas may be imported."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.core.files import write_whole
from assay.core.task import Problem, Task
from assay.core.view import Twist, ViewKey, ViewKind
from assay.data.cells import as_text, is_missing
from assay.data.facts import Facts, facts_of, verify_data
from assay.data.partition import Partition, Slice
from assay.data.placeholder import sample_frame
from assay.data.tables import Table, write_table
from assay.data.test_rows import TestRows
from assay.data.view_files import ViewPlace, fresh_folder, show_side

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


_SHUFFLING = 0x5417
_SAMPLING = 0x7E57
"""Streams of random numbers that depend neither on one another nor on those of the partition."""
_OF_NUMBERS = (Problem.REGRESSION, Problem.FORECAST)


class Builder:
    """Writes views of tables.

    Args:
        task: The task; its data must be unchanged.
        place: Where views lie.

    Raises:
        IntegrityError: E405, the data have changed.
    """

    def __init__(self, task: Task, place: ViewPlace) -> None:
        verify_data(task)
        self._task, self._place = task, place

    @cached_property
    def facts(self) -> Facts:
        """The tables."""
        return facts_of(self._task)

    @cached_property
    def partition(self) -> Partition:
        """The partition of the labelled rows."""
        labels = as_text(self.facts.train.frame[self._task.target])
        return Partition(self._task, self.facts.train_typed, labels, self._labelled, self.facts.test_typed)

    def build(self, key: ViewKey) -> None:
        """Write the view `key`.

        Raises:
            TaskError: E116, it has no rows to learn from or none to predict; E118, there is no test file.
        """
        if key.kind is ViewKind.FINAL:
            self._final(key)
            return
        if key.kind is ViewKind.SEALED:
            part = self.partition.sealed_slice()
        else:
            part = self.partition.fold(key.fold or 0, key.seed)
        if not part.train.any() or not part.test.any():
            raise TaskError(
                "E116",
                f"{key.name} has {int(part.train.sum())} rows to learn from and {int(part.test.sum())} to predict",
                fix="fewer folds, or another --split",
            )
        self._hidden(key, part)

    @cached_property
    def _labelled(self) -> np.ndarray:
        import numpy as np

        frame = self.facts.train.frame
        gone = np.zeros(len(frame), dtype=bool)
        for name in self._task.targets:
            gone |= is_missing(frame[name]).to_numpy()
        return ~gone

    @cached_property
    def _tests(self) -> TestRows:
        return TestRows(self._task, self.facts)

    def _hidden(self, key: ViewKey, part: Slice) -> None:
        """Write a view of labelled rows; the answers are kept apart, those of a rehearsal not at all."""
        train = self.partition.capped(part.train, key.row_cap, key.seed)
        asked = part.test
        if key.twist is Twist.TRAINED:
            asked = self._sampled(key, train, int(part.test.sum()))
        elif key.kind is ViewKind.REHEARSAL:
            asked = self._sampled(key, part.test, key.row_cap or int(part.test.sum()))
        shown = self.facts.train.frame[train]
        if key.twist is Twist.SHUFFLED:
            shown = self._moved(shown, self._random(key, _SHUFFLING).permutation(len(shown)))
        if key.twist is Twist.TURNED:
            shown = self._moved(shown, self._against(key, train))
        rows = self._tests.arranged(self.partition.order(asked, key.seed))
        test = self._tests.frame(rows)
        id_name, ids = self._tests.ids(test)
        if key.kind is not ViewKind.REHEARSAL:
            self._write_answers(key, rows, id_name, ids)
        with fresh_folder(self._place.input(key, self._task)) as folder:
            write_table(self.facts.train, shown, folder / self.facts.train.name)
            write_table(self._tests.table, test, folder / self._tests.name)
            if self.facts.sample is not None:
                sample = sample_frame(self._task, self.facts.sample, ids)
                write_table(self.facts.sample, sample, folder / self.facts.sample.name)
            self._show_rest(folder)
        self._place.save(key, self._task, train_rows=int(train.sum()), test_rows=len(rows))

    def _sampled(self, key: ViewKey, rows: np.ndarray, count: int) -> np.ndarray:
        """Return at most `count` of `rows`, drawn at random."""
        import numpy as np

        chosen = np.flatnonzero(rows)
        drawn = self._random(key, _SAMPLING).permutation(chosen)[:count]
        sampled = np.zeros(len(rows), dtype=bool)
        sampled[drawn] = True
        return sampled

    def _moved(self, frame: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
        """Return training rows of which row i has the targets of row `order[i]`, whatever group or time they are of.

        What only the training file has moves along with the targets: it may be a part of them, such as counts that
        sum up to the target.
        """
        task = self._task
        place = {task.id_column, task.split.column, task.time_column, *task.series_columns}
        moved = dict.fromkeys([*task.targets, *(name for name in self.facts.train_only if name not in place)])
        return frame.assign(**{name: frame[name].array.take(order) for name in moved})

    def _against(self, key: ViewKey, train: np.ndarray) -> np.ndarray:
        """Return the permutation of the training rows that turns their targets round.

        Numbers are dealt out in the opposite order of the first target. Classes are dealt out half a round further:
        in a class of at most half of the rows no row then keeps its own.
        """
        import numpy as np
        import pandas as pd

        rows = self._random(key, _SHUFFLING).permutation(int(train.sum()))
        names, typed = self._task.targets, self.facts.train_typed[train]
        if self._task.problem in _OF_NUMBERS:
            ranks = pd.to_numeric(typed[names[0]], errors="coerce").to_numpy(dtype=float)
        else:
            ranks = pd.factorize(pd.Series(list(zip(*(as_text(typed[name]) for name in names), strict=True))))[0]
        ordered = rows[np.argsort(ranks[rows], kind="stable")]
        taken = ordered[::-1] if self._task.problem in _OF_NUMBERS else np.roll(ordered, len(ordered) // 2)
        order = np.empty(len(ordered), dtype=int)
        order[ordered] = taken
        return order

    def _random(self, key: ViewKey, stream: int) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng([self._task.split.seed, key.seed, key.fold or 0, stream])

    def _write_answers(self, key: ViewKey, rows: np.ndarray, id_name: str, ids: list[str]) -> None:
        import pandas as pd

        hidden = self.facts.train.frame.iloc[rows]
        columns = {id_name: ids} | {name: as_text(hidden[name]) for name in self._task.targets}
        write_answers(self._place.answers(key, self._task), pd.DataFrame(columns))

    def _final(self, key: ViewKey) -> None:
        """Write the view of all labelled rows and the real test rows."""
        facts, task = self.facts, self._task
        if facts.test is None:
            raise TaskError("E118", "there is no test file to predict", fix="add test.csv")
        train = self.partition.capped(self._labelled, key.row_cap, key.seed)
        with fresh_folder(self._place.input(key, task)) as folder:
            if train.all():
                self._as_is(facts.train, task.data.train, folder)
            else:
                write_table(facts.train, facts.train.frame[train], folder / facts.train.name)
            self._as_is(facts.test, task.data.test, folder)
            if facts.sample is not None:
                self._as_is(facts.sample, task.data.sample, folder)
            self._show_rest(folder)
        self._place.save(key, task, train_rows=int(train.sum()), test_rows=len(facts.test.frame))

    def _as_is(self, table: Table, name: str | None, folder: Path) -> None:
        """Copy a table to the byte where candidates can read it so, else write it again unpacked and in UTF-8."""
        if table.plain and name is not None:
            shutil.copyfile(self._task.folder / name, folder / table.name)
        else:
            write_table(table, table.frame, folder / table.name)

    def _show_rest(self, folder: Path) -> None:
        data = self._task.data
        if data.description is not None:
            shutil.copyfile(self._task.folder / data.description, folder / Path(data.description).name)
        if data.side:
            show_side(self._task, self._place.root, folder)


def write_answers(path: Path, frame: pd.DataFrame) -> None:
    """Write private answers: a CSV that only the owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    write_whole(path, frame.to_csv(index=False, lineterminator="\n"), mode=0o600)
