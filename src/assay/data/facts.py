"""Facts: the files of a task, read once, for everything that looks at them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.digest import digest_file
from assay.core.errors import IntegrityError
from assay.core.task import DataFiles, Task
from assay.data.side_files import side_files
from assay.data.tables import Table, read_table, typed

if TYPE_CHECKING:
    import pandas as pd

_SIDE_BYTES = 2**30
"""Side files beyond this much are named in the digest by size alone: hashing them would cost minutes a start."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The tables of a task; each `..._typed` is the same rows as pandas would read them."""

    train: Table
    test: Table | None
    sample: Table | None

    @cached_property
    def train_typed(self) -> pd.DataFrame:
        """The training rows."""
        return typed(self.train)

    @cached_property
    def test_typed(self) -> pd.DataFrame | None:
        """The test rows."""
        return None if self.test is None else typed(self.test)

    @property
    def train_only(self) -> tuple[str, ...]:
        """Columns of the training file that the test file lacks; empty without a test file."""
        if self.test is None:
            return ()
        return tuple(name for name in self.train.columns if name not in self.test.columns)

    @property
    def shared(self) -> tuple[str, ...]:
        """Columns that both files have; all of the training file's without a test file."""
        return tuple(name for name in self.train.columns if self.test is None or name in self.test.columns)


def read_facts(folder: Path, *, train: str, test: str | None, sample: str | None) -> Facts:
    """Return the tables of these names in `folder`.

    Raises:
        TaskError: One of them cannot be read, see `read_table`.
    """
    return Facts(
        train=read_table(folder / train),
        test=None if test is None else read_table(folder / test),
        sample=None if sample is None else read_table(folder / sample),
    )


def facts_of(task: Task) -> Facts:
    """Return the tables of a task whose data are tables."""
    return read_facts(task.folder, train=task.data.train, test=task.data.test, sample=task.data.sample)


def data_digest(folder: Path, data: DataFiles, *programs: str | None) -> str:
    """Return one digest over the content of all data files and of the user's own programs."""
    whole = hashlib.sha256()
    for name in (data.train, data.test, data.sample, data.description, *programs):
        if name is not None:
            whole.update(f"{name}\0{digest_file(folder / name)}\n".encode())
    left = _SIDE_BYTES
    for path in side_files(folder, data.side, data.hidden):
        size = path.stat().st_size
        left -= size
        content = digest_file(path) if left >= 0 else str(size)
        whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


def verify_data(task: Task) -> None:
    """Make sure that the data files are those that the task was made from.

    Raises:
        IntegrityError: E405, one of them has changed, is new or is gone.
    """
    try:
        same = not task.data_digest or _digest_of(task) == task.data_digest
        what = "are not those that this task was made from"
    except OSError as error:
        same, what = False, f"cannot be read: {error.strerror or error}: {error.filename}"
    if not same:
        raise IntegrityError(
            "E405",
            f"the data in {str(task.folder)!r} {what}; scores on other data cannot be compared",
            kept="every finished trial",
            fix="restore the files, or start a new run",
        )


def _digest_of(task: Task) -> str:
    return data_digest(task.folder, task.data, task.grader, task.prepare)
