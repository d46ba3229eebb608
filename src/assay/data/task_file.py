"""Reading task.toml: a task as a person has written or corrected it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.core.errors import TaskError
from assay.core.task import SplitKind, Task
from assay.data.given import Given, SplitWish
from assay.data.inspection import Inspection
from assay.data.intake import inspect
from assay.data.task_validation import FILES, expanded, validate


@dataclass(frozen=True, kw_only=True)
class TaskFile:
    """What a task file says: the task, and what is said beside it for a run."""

    inspection: Inspection
    limits: Mapping[str, Any]
    """The `limits` table as it stands, for whoever starts a run."""
    mlflow: str = ""
    """Where the run is to be tracked; `off` for nowhere, empty for what holds without it."""
    rehearse: str = ""
    """Which candidates are run on few rows first; empty for what holds without it."""
    notebook: Mapping[str, Any] = field(default_factory=dict)
    """The `notebook` table as it stands: a notebook of the user's, and which of its cells are locked."""


def load_task(path: Path) -> Task:
    """Return the task that the file at `path` describes; what it leaves out is looked up in the data.

    Raises:
        TaskError: E120, with everything that is wrong with the file; or what `inspect` raises.
    """
    return load_task_file(path).inspection.task


def load_task_file(path: Path, *, said: Given | None = None, environment: Mapping[str, str] | None = None) -> TaskFile:
    """Return everything that the file at `path` says.

    Args:
        path: A TOML file; its paths are relative to its own folder.
        said: What goes before the file, for example options of a command.
        environment: Variables for `${NAME}`; None takes those of this process.

    Raises:
        TaskError: E120, with everything that is wrong with the file; or what `inspect` raises.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError("E110", f"{str(path)!r} cannot be read: {error}", fix=f"assay init {path.parent}") from error
    except tomllib.TOMLDecodeError as error:
        raise TaskError("E120", f"{path.name} is not valid TOML: {error}", fix=f"mend {path.name}") from error
    problems: list[str] = []
    values = expanded(values, os.environ if environment is None else environment, problems)
    validate(values, problems)
    folder = _data_folder(path, values, problems)
    if problems:
        raise TaskError("E120", f"{path.name}: " + "; ".join(problems), fix=f"edit {path.name}, or assay init again")
    return TaskFile(
        inspection=inspect(folder, more=_given(values).overlaid(said or Given())),
        limits=values.get("limits", {}),
        mlflow=values.get("mlflow", ""),
        rehearse=values.get("rehearse", ""),
        notebook=values.get("notebook", {}),
    )


def _data_folder(path: Path, values: dict[str, Any], problems: list[str]) -> Path:
    name = values.get("data", ".")
    folder = path.absolute().parent / (name if isinstance(name, str) else ".")
    if not folder.is_dir():
        problems.append(f"data: there is no folder {str(folder)!r}")
        return folder
    for key in FILES:
        file = values.get(key)
        if isinstance(file, str) and file and not (folder / file).is_file():
            problems.append(f"{key}: there is no file {file!r} in {str(folder)!r}")
    return Path(os.path.normpath(folder))


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _given(values: dict[str, Any]) -> Given:
    split = values.get("split")
    holdout = values.get("holdout", {})
    fraction = 0.0 if holdout.get("sealed") is False else holdout.get("fraction")
    given = Given(
        target=_texts(values.get("target")),
        metric=values.get("metric"),
        direction=values.get("better"),
        id_column=values.get("id"),
        split=None if split is None else SplitWish(**{**split, "kind": SplitKind(split["kind"])}),
        about=values.get("about"),
        series=_texts(values.get("series")),
        time_column=values.get("time"),
        holdout=None if fraction is None else float(fraction),
        side=_texts(values["side"]) if "side" in values else None,
    )
    same = ("name", "problem", "row_cap", "positive", "top_k", *FILES)
    return replace(given, **{key: values[key] for key in same if key in values})
