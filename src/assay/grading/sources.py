"""The files by which the grading process knows what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assay.core.errors import MachineError
from assay.core.task import Task
from assay.core.view import View


def absolute(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the same with absolute paths, as texts."""
    return {name: str(path.absolute()) for name, path in files.items()}


def need_answers(view: View) -> None:
    """Raise unless the answers of `view` are there.

    Raises:
        MachineError: E521, they are gone.
    """
    if view.answers is None or not view.answers.is_file():
        raise MachineError("E521", f"the answers of view {view.key.name!r} are not there: {view.answers}")


def sources(task: Task, view: View) -> dict[str, str | bool | None]:
    """Return the part of a request that says where answers and tables of `view` are, paths absolute."""
    return {
        "answers": str(view.answers.absolute()) if view.answers else None,
        "test": _shown(view, task.data.test),
        "sample": _shown(view, task.data.sample),
        "partial": view.partial,
    }


def _shown(view: View, name: str | None) -> str | None:
    """Return where the view shows the user's table `name`, which it may have unpacked; None for arrays and the like."""
    from assay.data.packing import table_format

    if name is None:
        return None
    plain = name.removesuffix(".gz").removesuffix(".zip")
    for shown in (name, plain, Path(name).name, Path(plain).name):
        path = view.input / shown
        if path.is_file() and table_format(path) is not None:
            return str(path.absolute())
    return None


def readable_folders(task: Task, view: View) -> list[Path]:
    """Return the folders that a request may need besides its own files."""
    folders = [view.input]
    if task.grader:
        # A user's metric may read tables beside it.
        folders.append(task.folder)
    return [folder for folder in folders if folder.exists()]
