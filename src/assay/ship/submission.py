"""Submission: the predictions of a run, checked once more before they are handed in anywhere."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

from assay.core.digest import digest_file
from assay.core.errors import IntegrityError, NothingFound
from assay.core.task import Task
from assay.core.view import View
from assay.data import Views
from assay.grading import Grader
from assay.journal.checkpoint import HistoryFile
from assay.journal.history import History, Trial
from assay.strategies.description import task_of

NOTHING = "E212"
CHANGED = "E421"
UNFIT = "E422"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A prediction file that fits the test file of its task."""

    run: str
    path: Path
    """In the run folder, where a live run may have replaced it by now."""
    copy: Path
    """What was checked, under the same name in a folder of the caller's: the file to hand in."""
    digest: str
    """Of the copy."""
    rows: int
    """Rows of predictions."""
    columns: tuple[str, ...]
    by_id: bool
    """Whether rows are known by an id; otherwise by their order."""
    trial: Trial
    """Whose predictions they are."""
    history: History

    @property
    def sealed(self) -> float | None:
        """The trial's score on the sealed rows, if they were opened for it."""
        opened = self.history.sealed
        mine = opened is not None and opened.trial == self.trial.number and opened.score is not None
        return opened.score.value if mine and opened is not None and opened.score is not None else None


def checked_submission(folder: Path, private: Path) -> Submission:
    """Return the submission of a run, compared anew with the rows and columns that its test and sample file ask for.

    The file is copied first and the copy is checked, so that what is handed in later is what was checked. It is read by
    the grading process, as in a run. Where the view of the test rows is gone, it is built again.

    Args:
        folder: The run's.
        private: Where the copy goes: an empty folder that the caller removes.

    Raises:
        NothingFound: The run has none (E212).
        IntegrityError: The file is not the one that the run wrote (E421), or does not fit (E422); the data are others
            than those of the run (E405).
    """
    copies = _copies(folder, private)
    history = HistoryFile(folder).read()
    written = history.submission
    if history.started is None or written is None:
        raise NothingFound(NOTHING, f"the run {folder.name!r} has no submission{_why(history)}", fix="assay status")
    task = task_of(folder, history)
    path = folder / task.output.file
    copy = copies.get(path.name)
    if copy is None or digest_file(copy) != written.digest:
        raise IntegrityError(
            CHANGED,
            f"{str(path)!r} is not the file that the run wrote for #{written.trial}",
            kept="the file as it is; the journal says which one it was",
            fix=f"assay resume {folder.name}",
        )
    problems = _problems(folder, task, copy)
    if problems:
        raise IntegrityError(
            UNFIT, f"{str(path)!r} does not fit: {'; '.join(problems)}", kept="the file as it is", fix="assay audit"
        )
    return Submission(
        run=history.started.run,
        path=path,
        copy=copy,
        digest=written.digest,
        rows=written.rows,
        columns=_header(copy),
        by_id=task.output.id_column is not None,
        trial=history.trials[written.trial],
        history=history,
    )


def _copies(folder: Path, into: Path) -> dict[str, Path]:
    """Return copies of the tables in a run folder: made before the journal is read, which may tell of newer ones."""
    return {path.name: shutil.copyfile(path, into / path.name) for path in folder.glob("*.csv") if path.is_file()}


def _why(history: History) -> str:
    if history.started is None or not history.task.graded:
        return ": nothing is predicted in it"
    if history.task.data.test is None and history.task.prepare is None:
        return ": its data have no test file"
    return " yet"


def _problems(folder: Path, task: Task, path: Path) -> tuple[str, ...]:
    with Grader() as grader:
        return grader.validate(task, _asked(folder, task), path)


def _asked(folder: Path, task: Task) -> View:
    views = Views(task, folder / "views", folder / "private")
    key = views.final_key()
    if key is None:
        raise NothingFound(NOTHING, "there is no test file any more", fix="restore the data of the run")
    return views.build(key)


def _header(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return tuple(next(csv.reader(stream), ()))
