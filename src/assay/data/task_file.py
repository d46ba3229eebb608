"""task.toml: a task as a person can read and correct it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.core.errors import MachineError, TaskError
from assay.core.files import write_whole
from assay.core.rehearse import Rehearse
from assay.core.task import Problem, SplitKind, Task
from assay.data.given import Given, SplitWish, parse_direction
from assay.data.inspection import Inspection
from assay.data.intake import inspect
from assay.data.layout import find_layout
from assay.data.task_keys import Form, tables, top_level

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH)(_|$|\d)", re.IGNORECASE)
"""Variables that a task may not quote."""
_TEXTS = top_level(Form.TEXT, files=False)
_ROLES = ("train", "test", "sample", "description")
_FILES = top_level(Form.TEXT, files=True)
_LISTS = top_level(Form.TEXTS)
_NUMBERS = top_level(Form.WHOLE)
_PYTHON = {Form.TEXT: str, Form.LIST: list, Form.WHOLE: int, Form.NUMBER: float, Form.SWITCH: bool}
_TABLES: Mapping[str, Mapping[str, type] | None] = {
    # What stands in `limits` is checked with the options that it stands for.
    table: None if table == "limits" else {name: _PYTHON[key.form] for name, key in keys.items()}
    for table, keys in tables().items()
}
_ORIGINS = {"name": "guessed: by the folder or file", "data": "given: where the data lie"}
"""Of what an inspection does not list."""
_KEYS = (*_TEXTS, *_FILES, *_LISTS, *_TABLES, *_NUMBERS)


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
    values = _expanded(values, os.environ if environment is None else environment, problems)
    _validate(values, problems)
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


def _expanded(value: Any, environment: Mapping[str, str], problems: list[str], field: str = "") -> Any:
    """Return `value` with every `${NAME}` in its texts replaced; other values stay what they are."""
    if isinstance(value, dict):
        inner = {key: f"{field}.{key}" if field else key for key in value}
        return {key: _expanded(item, environment, problems, inner[key]) for key, item in value.items()}
    if isinstance(value, list):
        return [_expanded(item, environment, problems, field) for item in value]
    if not isinstance(value, str):
        return value
    for name in dict.fromkeys(_VARIABLE.findall(value)):
        if _SECRET.search(name):
            problems.append(f"{field}: {name!r} sounds like a secret; models, candidates and reports are told the task")
        elif name not in environment:
            problems.append(f"{field}: no environment variable {name!r}")
    return _VARIABLE.sub(lambda found: environment.get(found.group(1), ""), value)


def _validate(values: dict[str, Any], problems: list[str]) -> None:
    """Add what is wrong with keys, types and names to `problems`."""
    for key in values:
        if key not in _KEYS:
            problems.append(f"{key}: no such key (known: {', '.join(sorted(_KEYS))})")
    _check_types(values, problems)
    for key, choices in (("problem", Problem), ("rehearse", Rehearse)):
        _check_choice(key, values.get(key), [member.value for member in choices], problems)
    for table, fields in _TABLES.items():
        if fields is not None and isinstance(values.get(table), dict):
            _check_table(table, values[table], fields, problems)
    _refuse_protection(values, problems)
    for key in _NUMBERS:
        if _is_number(values.get(key)) and values[key] < 1:
            problems.append(f"{key}: must be at least 1, not {values[key]!r}")
    if isinstance(values.get("better"), str):
        try:
            parse_direction(values["better"])
        except TaskError as error:
            problems.append(f"better: {error.message}")


def _refuse_protection(values: dict[str, Any], problems: list[str]) -> None:
    """Refuse what would promise a safety that nobody keeps; empty it stands in older files."""
    if values.get("protect"):
        problems.append(
            "protect: there is nothing to protect, for a run writes each solution from scratch and starts from no code "
            "of yours; remove the line"
        )


def _check_types(values: dict[str, Any], problems: list[str]) -> None:
    wanted: list[tuple[tuple[str, ...], Callable[[Any], bool], str]] = [
        ((*_TEXTS, *_FILES), lambda value: isinstance(value, str), "a text"),
        (_LISTS, _is_texts, "a text or a list of texts"),
        (_NUMBERS, lambda value: _is_number(value) and isinstance(value, int), "a whole number"),
        (tuple(_TABLES), lambda value: isinstance(value, dict), "a table"),
    ]
    for keys, fits, what in wanted:
        for key in keys:
            if key in values and not fits(values[key]):
                problems.append(f"{key}: must be {what}, not {values[key]!r}")


def _check_table(table: str, values: dict[str, Any], fields: Mapping[str, type], problems: list[str]) -> None:
    for key, value in values.items():
        kind = fields.get(key)
        if kind is None:
            problems.append(f"{table}.{key}: no such key (known: {', '.join(fields)})")
        elif kind is bool or isinstance(value, bool):
            if type(value) is not kind:
                problems.append(f"{table}.{key}: must be {kind.__name__}, not {value!r}")
        elif not isinstance(value, (int, float) if kind is float else kind):
            problems.append(f"{table}.{key}: must be {kind.__name__}, not {value!r}")
    if table == "split":
        _check_split(values, problems)
    if table == "notebook":
        _check_notebook(values, problems)
    fraction = values.get("fraction", 0.0)
    if _is_number(fraction) and not 0 <= fraction <= 0.5:
        problems.append(f"holdout.fraction: must be between 0 and 0.5, not {fraction!r}")


def _check_split(values: dict[str, Any], problems: list[str]) -> None:
    if "kind" not in values:
        problems.append("split.kind: is missing")
    _check_choice("split.kind", values.get("kind"), [member.value for member in SplitKind], problems)
    for key in ("k", "horizon"):
        if _is_number(values.get(key)) and values[key] < 1:
            problems.append(f"split.{key}: must be at least 1, not {values[key]!r}")
    if _is_number(values.get("seed")) and values["seed"] < 0:
        problems.append(f"split.seed: must not be negative, got {values['seed']!r}")


def _check_notebook(values: dict[str, Any], problems: list[str]) -> None:
    if "file" not in values:
        problems.append("notebook.file: is missing")
    for key in ("locked", "open", "sections"):
        if not _is_texts(values.get(key, [])):
            problems.append(f"notebook.{key}: must be a list of texts")


def _check_choice(field: str, value: Any, known: list[str], problems: list[str]) -> None:
    if isinstance(value, str) and value not in known:
        problems.append(f"{field}: must be one of {', '.join(known)}, not {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _data_folder(path: Path, values: dict[str, Any], problems: list[str]) -> Path:
    name = values.get("data", ".")
    folder = path.absolute().parent / (name if isinstance(name, str) else ".")
    if not folder.is_dir():
        problems.append(f"data: there is no folder {str(folder)!r}")
        return folder
    for key in _FILES:
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
    same = ("name", "problem", "row_cap", "positive", "top_k", *_FILES)
    return replace(given, **{key: values[key] for key in same if key in values})
