"""Writing task.toml: what was understood, as a person can correct it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from assay.core.errors import MachineError
from assay.core.files import write_whole
from assay.core.task import Problem, Task
from assay.data.inspection import Inspection
from assay.data.layout import find_layout

_ROLES = ("train", "test", "sample", "description")
_ORIGINS = {"name": "guessed: by the folder or file", "data": "given: where the data lie"}
"""Of what an inspection does not list."""


def write_task(inspection: Inspection, path: Path) -> None:
    """Write the task to `path`, each line with its origin, whole or not at all.

    Args:
        inspection: The task as it was understood.
        path: The file; one that is there is replaced.

    Raises:
        MachineError: E531, the folder cannot be written.
    """
    try:
        write_whole(path, task_toml(inspection, path.parent))
    except OSError as error:
        raise MachineError(
            "E531", f"{str(path)!r} cannot be written: {error.strerror or error}", fix="assay init DATA --out FOLDER"
        ) from error


def task_toml(inspection: Inspection, folder: Path | None = None) -> str:
    """Return the text of the task file.

    Args:
        inspection: The task as it was understood.
        folder: Where it will lie; None means the folder of the data.
    """
    import tomlkit

    task = inspection.task
    document = tomlkit.document()
    document.add(tomlkit.comment("written by `assay init`; guessed lines are marked so you can correct them"))
    values = _written(task, inspection, folder)
    width = max(len(f"{key} = {tomlkit.item(value).as_string()}") for key, value in values.items() if key != "about")
    for key, value in values.items():
        item = tomlkit.item(value)
        shown = f"{key} = {item.as_string()}"
        # A column's name may be in it; a line end there would begin a line of the file.
        origin = "".join(c if c.isprintable() else " " for c in inspection.origin(key) or _ORIGINS.get(key, ""))
        if origin:
            item.comment(origin)
            item.trivia.comment_ws = " " * max(2, min(width, 60) + 2 - len(shown))
        document.add(key, item)
    return tomlkit.dumps(document)


def _written(task: Task, inspection: Inspection, folder: Path | None) -> dict[str, Any]:
    values: dict[str, Any] = {"name": task.name}
    said = next((line.value for line in inspection.lines if line.field == "about"), "")
    if task.data.description is None or inspection.origin("about") == "given":
        values["about"] = task.statement or said
    if folder is not None and folder.absolute() != task.folder:
        values["data"] = os.path.relpath(task.folder, folder.absolute())
    values |= _written_files(task)
    values["target"] = task.targets[0] if len(task.targets) == 1 else list(task.targets)
    if task.id_column is not None:
        values["id"] = task.id_column
    if task.problem is not Problem.CUSTOM:
        values["problem"] = task.problem.value
    if task.grader is None:
        values["metric"] = task.metric.name
    values["better"] = task.metric.direction.value
    for key, value in task.metric.params:
        values["top_k" if key == "k" else key] = int(value) if key == "k" else value
    return values | _written_split(task) | {"row_cap": task.row_cap}


def _written_files(task: Task) -> dict[str, Any]:
    """Return the files by role; empty where the folder holds one by that name and the task does not use it."""
    values: dict[str, Any] = {}
    found = find_layout(task.folder)
    for role, used in {**{name: getattr(task.data, name) for name in _ROLES}, "grader": task.grader}.items():
        if task.prepare is None and (used is not None or getattr(found, role) is not None):
            values[role] = used or ""
    if task.prepare is not None or found.prepare is not None:
        values["prepare"] = task.prepare or ""
    if task.prepare is None and (task.data.side or found.side):
        values["side"] = list(task.data.side)
    return values


def _written_split(task: Task) -> dict[str, Any]:
    import tomlkit

    values: dict[str, Any] = {}
    if task.series_columns:
        values["series"] = list(task.series_columns)
    if task.time_column is not None:
        values["time"] = task.time_column
    split = tomlkit.inline_table()
    split.update({"kind": task.split.kind.value, "k": task.split.k, "seed": task.split.seed})
    split.update({key: value for key in ("column", "horizon") if (value := getattr(task.split, key)) is not None})
    holdout = tomlkit.inline_table()
    holdout.update({"fraction": task.holdout.fraction, "sealed": task.holdout.fraction > 0})
    return values | {"split": split, "holdout": holdout}
