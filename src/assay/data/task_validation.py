"""What may be wrong with the values of a task file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from assay.core.errors import TaskError
from assay.core.rehearse import Rehearse
from assay.core.task import Problem, SplitKind
from assay.data.given import parse_direction
from assay.data.task_keys import Form, tables, top_level

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH)(_|$|\d)", re.IGNORECASE)
"""Variables that a task may not quote."""
_TEXTS = top_level(Form.TEXT, files=False)
FILES = top_level(Form.TEXT, files=True)
"""Keys that name a file."""
_LISTS = top_level(Form.TEXTS)
_NUMBERS = top_level(Form.WHOLE)
_PYTHON = {Form.TEXT: str, Form.LIST: list, Form.WHOLE: int, Form.NUMBER: float, Form.SWITCH: bool}
_TABLES: Mapping[str, Mapping[str, type] | None] = {
    # What stands in `limits` is checked with the options that it stands for.
    table: None if table == "limits" else {name: _PYTHON[key.form] for name, key in keys.items()}
    for table, keys in tables().items()
}
_KEYS = (*_TEXTS, *FILES, *_LISTS, *_TABLES, *_NUMBERS)


def expanded(value: Any, environment: Mapping[str, str], problems: list[str], field: str = "") -> Any:
    """Return `value` with every `${NAME}` in its texts replaced; other values stay what they are.

    Args:
        value: As TOML has it.
        environment: The variables that there are.
        problems: Takes what cannot be replaced, a sentence each.
        field: Where the value stands, for people.
    """
    if isinstance(value, dict):
        inner = {key: f"{field}.{key}" if field else key for key in value}
        return {key: expanded(item, environment, problems, inner[key]) for key, item in value.items()}
    if isinstance(value, list):
        return [expanded(item, environment, problems, field) for item in value]
    if not isinstance(value, str):
        return value
    for name in dict.fromkeys(_VARIABLE.findall(value)):
        if _SECRET.search(name):
            problems.append(f"{field}: {name!r} sounds like a secret; models, candidates and reports are told the task")
        elif name not in environment:
            problems.append(f"{field}: no environment variable {name!r}")
    return _VARIABLE.sub(lambda found: environment.get(found.group(1), ""), value)


def validate(values: dict[str, Any], problems: list[str]) -> None:
    """Add what is wrong with keys, types and names to `problems`, a sentence each."""
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
        ((*_TEXTS, *FILES), lambda value: isinstance(value, str), "a text"),
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
