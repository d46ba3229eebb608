"""Builder of views that a user's own `prepare` makes. Runs in a trusted child process."""

from __future__ import annotations

import shutil
from functools import cached_property
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.core.task import Task
from assay.core.view import ViewKey, ViewKind
from assay.data.builder import write_answers
from assay.data.cells import as_text
from assay.data.facts import verify_data
from assay.data.layout import find_layout
from assay.data.prepared import Prepared, private_answers, run_prepare
from assay.data.tables import read_table
from assay.data.view_files import ViewPlace, fresh_folder, link_tree

if TYPE_CHECKING:
    import numpy as np

_PART = 2 / 3
"""Share of the search answers that a fresh seed asks for: the files of the view stay as `prepare` made them."""


class PreparedBuilder:
    """Writes views from what `prepare` made once.

    Args:
        task: The task; its data must be unchanged.
        place: Where views lie; `.prepared` in both its folders keeps what `prepare` made.

    Raises:
        IntegrityError: E405, the data have changed.
    """

    def __init__(self, task: Task, place: ViewPlace) -> None:
        verify_data(task)
        self._task, self._place = task, place

    def build(self, key: ViewKey) -> None:
        """Write the view `key`.

        Raises:
            TaskError: E117, `prepare` failed or made something else; E118, the folder is no final view.
        """
        if key.kind is ViewKind.FINAL:
            self._final(key)
            return
        import pandas as pd

        answers = self._prepared.answers.frame
        columns = [self._id_column, *(n for n in self._task.targets if n in answers)]
        if len(columns) == 1:
            columns = list(answers.columns)
        rows = self._asked(key, len(answers))
        hidden = answers[columns].iloc[rows]
        told = pd.DataFrame({name: as_text(hidden[name]) for name in columns})
        write_answers(self._place.answers(key, self._task), told)
        with fresh_folder(self._place.input(key, self._task)) as folder:
            link_tree(self._prepared.public, folder)
        partial = len(rows) < len(answers)
        self._place.save(key, self._task, train_rows=0, test_rows=len(answers), partial=partial)

    @property
    def _id_column(self) -> str:
        name = self._task.id_column
        columns = self._prepared.answers.columns
        if name is None or name not in columns:
            raise TaskError("E117", f"the private answers lack the id column {name!r}", fix="write it in prepare")
        return name

    @cached_property
    def _prepared(self) -> Prepared:
        """What `prepare` made; run on first use, kept for every later view."""
        public, private = self._place.root / ".prepared", self._place.private / ".prepared"
        if not (public.is_dir() and private.is_dir()):
            with fresh_folder(private) as folder:
                made = run_prepare(self._task.folder / (self._task.prepare or ""), self._task.folder, folder)
                shutil.rmtree(public, ignore_errors=True)
                with fresh_folder(public) as shown:
                    shutil.copytree(made.public, shown, dirs_exist_ok=True)
                shutil.rmtree(made.public)
        sample = find_layout(public).sample or ""
        answers = read_table(private_answers(private / "private", self._task.prepare or ""))
        return Prepared(public=public, answers=answers, sample=read_table(public / sample))

    def _asked(self, key: ViewKey, count: int) -> np.ndarray:
        """Return which answers the view asks for: the sealed share, or the rest, or a part of that."""
        import numpy as np

        shuffled = np.random.default_rng([self._task.split.seed, 0x5EA1]).permutation(count)
        sealed = round(self._task.holdout.fraction * count)
        if key.kind is ViewKind.SEALED:
            return np.sort(shuffled[:sealed])
        search = shuffled[sealed:]
        if key.seed:
            random = np.random.default_rng([self._task.split.seed, key.seed, 0xF01D])
            search = random.permutation(search)[: max(1, round(_PART * len(search)))]
        return np.sort(search)

    def _final(self, key: ViewKey) -> None:
        """Write the user's own files under the names that `prepare` gave the public ones."""
        public = self._prepared.public
        names = [path.relative_to(public) for path in sorted(public.rglob("*")) if path.is_file()]
        lacking = [name.as_posix() for name in names if not (self._task.folder / name).is_file()]
        if lacking:
            raise TaskError(
                "E118",
                f"the folder lacks {', '.join(lacking[:5])}, which prepare makes: there is nothing to predict",
                fix="give the public files the names of your own",
            )
        with fresh_folder(self._place.input(key, self._task)) as folder:
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._task.folder / name, folder / name)
        sample = find_layout(self._place.input(key, self._task)).sample
        rows = len(read_table(self._place.input(key, self._task) / (sample or "")).frame)
        self._place.save(key, self._task, train_rows=0, test_rows=rows)
