"""Reading: a config file with its variables put in, the shared settings merged, and what is odd about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.cli.configs.table import FILES, Phase, fits, key_for
from assay.core.errors import UsageError

Values = dict[str, Any]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_PHASE_NAMES = {
    "design_analysis": Phase.ANALYSIS,
    "generate_execution": Phase.GENERATE,
    "review_feedback": Phase.REVIEW,
    "phase1": Phase.ANALYSIS,
    "phase2": Phase.GENERATE,
    "phase3": Phase.REVIEW,
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What a file says, for one phase."""

    phase: Phase
    folder: Path
    """Of the file that holds the phase's settings: its paths are relative to it."""
    values: Values
    """Merged and expanded."""
    unknown: tuple[str, ...] = ()
    """Keys that nobody knows, each with its file."""
    idle: tuple[str, ...] = ()
    """Known keys that change nothing here."""

    def get(self, path: str) -> Any:
        """Return the value at a path with dots; None where there is none."""
        found: Any = self.values
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found


def read_config(file: Path, phase: Phase | None, *, environ: Mapping[str, str]) -> Config:
    """Return what `file` says.

    Args:
        file: The config of a phase, or of a pipeline, beside which the phases' own files lie.
        phase: Which phase of a pipeline is meant; generating by default. A phase's own file settles it.
        environ: Where `${NAME}` is looked up if the file itself has no such text at its top.

    Raises:
        UsageError: E090 it cannot be read, E091 a variable is not known, E092 the files name different data sets, E093
            a value has the wrong type, E094 it is none of these files, or not of this phase.
    """
    values = _load(file)
    kind = _kind(values, file)
    if kind is not Phase.PIPELINE:
        if phase is not None and phase is not kind:
            raise UsageError(
                "E094", f"{file.name} configures {kind.value}, not {phase.value}", fix="name the other file"
            )
        return _checked(file, kind, _expanded(values, environ, file))
    wanted = phase or Phase.GENERATE
    shared = _expanded(values, environ, file)
    own = file.parent / FILES[wanted]
    base = _expanded(_load(own), environ, own) if own.is_file() else {}
    _same_data(file, shared, own, base)
    checked = _checked(file, Phase.PIPELINE, shared)
    phase_config = _checked(own, wanted, merged(merged(base, _common(shared)), _overrides(shared, wanted)))
    return Config(
        phase=wanted,
        folder=own.parent if own.is_file() else file.parent,
        values=phase_config.values,
        unknown=(*checked.unknown, *phase_config.unknown),
        idle=tuple(dict.fromkeys((*checked.idle, *phase_config.idle))),
    )


def merged(base: Values, over: Values) -> Values:
    """Return `base` with `over` laid over it, table by table; null in `over` says nothing."""
    result = dict(base)
    for key, value in over.items():
        if isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        elif value is not None:
            result[key] = value
    return result


def _load(file: Path) -> Values:
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("E090", f"{str(file)!r} cannot be read: {error}", fix="--config FILE") from error
    except (ValueError, RecursionError) as error:
        raise UsageError("E090", f"{file.name} is no JSON: {error}", fix=f"mend {file.name}") from error
    if not isinstance(values, dict):
        raise UsageError("E090", f"{file.name} holds no table of settings", fix=f"mend {file.name}")
    return values


def _kind(values: Values, file: Path) -> Phase:
    signs = (
        ("phases", Phase.ANALYSIS),
        ("review", Phase.REVIEW),
        ("experiment", Phase.GENERATE),
        ("prompt_branch", Phase.GENERATE),
        ("phase_overrides", Phase.PIPELINE),
        ("common", Phase.PIPELINE),
        ("llm_report", Phase.PIPELINE),
    )
    found = next((phase for name, phase in signs if name in values), None)
    if found is None:
        names = ", ".join(name for name, _ in signs)
        raise UsageError(
            "E094", f"{file.name} has none of the tables {names}", fix="docs/from-configs.md lists the keys"
        )
    return found


def _expanded(values: Values, environ: Mapping[str, str], file: Path) -> Values:
    """Return `values` with `${NAME}` and `${NAME:-default}` put into texts; anything else stays as it is."""
    own = {key: value for key, value in values.items() if isinstance(value, str) and "${" not in value}
    problems: list[str] = []

    def text(value: str, path: str) -> str:
        def one(found: re.Match[str]) -> str:
            name, default = found[1], found[2]
            known = own.get(name, environ.get(name) or None)
            if known is None and default is None:
                problems.append(f"{path}: nothing is called {name!r}")
            return known if known is not None else default or ""

        return _VARIABLE.sub(one, value)

    def walk(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {key: walk(item, f"{path}.{key}" if path else key) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, path) for item in value]
        return text(value, path) if isinstance(value, str) else value

    result: Values = walk(values, "")
    if problems:
        fix = "set the variable, or write ${NAME:-default}"
        raise UsageError("E091", f"{file.name}: " + "; ".join(problems), fix=fix)
    return result


def _common(shared: Values) -> Values:
    return {"llm": shared["llm"]} if isinstance(shared.get("llm"), dict) else {}


def _overrides(shared: Values, wanted: Phase) -> Values:
    tables = shared.get("phase_overrides")
    found: Values = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if _PHASE_NAMES.get(name) is wanted and isinstance(table, dict):
            found = merged(found, table)
    return found


def _same_data(file: Path, shared: Values, own: Path, base: Values) -> None:
    names = [values.get("dataset_name") for values in (shared, base)]
    if all(names) and names[0] != names[1]:
        raise UsageError(
            "E092",
            f"{file.name} is about the data set {names[0]!r}, {own.name} about {names[1]!r}",
            fix="give both the same dataset_name",
        )


def _checked(file: Path, phase: Phase, values: Values) -> Config:
    unknown, idle, wrong = [], [], []
    for path, value in _leaves(values):
        key = key_for(phase, path)
        if key is None:
            unknown.append(f"{file.name}: {path}")
        elif not fits(key, value):
            wrong.append(f"{path}: {value!r} is of the wrong type")
        elif not key.ours and value not in (None, ""):
            idle.append(path)
    if wrong:
        raise UsageError("E093", f"{file.name}: " + "; ".join(wrong), fix=f"mend {file.name}")
    return Config(phase=phase, folder=file.parent, values=values, unknown=tuple(unknown), idle=tuple(idle))


def _leaves(values: Values, path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from _leaves(value, here)
        else:
            yield here, value
