"""`daemon_config.json` of the loop that the lab follows, read as it is, in the terms of `lab.toml`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.errors import UsageError
from assay.kinds.command import is_requirement
from assay.operators.lab.forced import RECOVERY_CYCLES
from assay.operators.lab.mentor import mode_named
from assay.operators.lab.watching import LEAST_WINDOW_S, MOST_WINDOW_S
from assay.strategies.daemon.keys import KEYS
from assay.strategies.daemon.powershell import to_bash
from assay.strategies.lab.config_parts import CloneConfig, ForcedConfig, MentorConfig, RepairConfig

_BY_NAME = {key.name: key for key in KEYS}
_LEAST_FINISH_UP, _FINISH_UP = 5.0, 60.0
"""Minutes."""


@dataclass(frozen=True, kw_only=True)
class DaemonConfig:
    """What a file says."""

    name: str = ""
    """Of the run; empty where the file gives none that can be one."""
    model: str = ""
    mentor_model: str = ""
    """Empty for that of the worker."""
    python: Path | None = None
    """Interpreter of the experiments; None where the file names none that is on this machine."""
    missions: Mapping[str, str] = field(default_factory=dict)
    """Role to the file of its mission, relative to the folder of the config; `all` for both."""
    bootstrap: str = ""
    """The first command, for `bash`; empty where none is forced."""
    most_watch: float = float(MOST_WINDOW_S)
    mentor: MentorConfig = field(default_factory=MentorConfig)
    forced: ForcedConfig = field(default_factory=ForcedConfig)
    repair: RepairConfig = field(default_factory=RepairConfig)
    finish_up_s: float = 60.0 * _FINISH_UP
    unknown: tuple[str, ...] = ()
    """Keys that nobody knows."""
    idle: tuple[str, ...] = ()
    """Known keys that change nothing here."""
    remarks: tuple[str, ...] = ()
    """What of the file could not be taken as it is, in a sentence each."""


def read_daemon_config(file: Path) -> DaemonConfig:
    """Return what `file` says; what it leaves out has the defaults of the loop that it is from.

    Raises:
        UsageError: E090 it cannot be read; E093 values have the wrong type, all of them named.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("E090", f"{str(file)!r} cannot be read as JSON: {error}", fix=f"mend {file.name}") from error
    if not isinstance(values, dict):
        raise UsageError("E090", f"{file.name} holds no table of settings", fix=f"mend {file.name}")
    said = {name: value for name, value in values.items() if value is not None}
    wrong = [f"{name}: {value!r} is of the wrong type" for name, value in said.items() if _is_wrong(name, value)]
    if wrong:
        raise UsageError("E093", f"{file.name}: " + "; ".join(wrong), fix=f"mend {file.name}")
    known = {name: value for name, value in said.items() if name in _BY_NAME}
    return _read(known, unknown=tuple(name for name in said if name not in _BY_NAME))


def _is_wrong(name: str, value: Any) -> bool:
    key = _BY_NAME.get(name)
    if key is None:
        return False
    if isinstance(value, bool) and key.kind is not bool:
        return True
    if not isinstance(value, key.kind):
        return True
    items = value.values() if isinstance(value, dict) else ()
    return name.endswith("_map") and not all(_fits_map(name, item) for item in items)


def _fits_map(name: str, item: Any) -> bool:
    if name.endswith("clone_map"):
        return isinstance(item, str) or (isinstance(item, dict) and isinstance(item.get("repo"), str))
    if name.endswith("fallback_map"):
        return isinstance(item, str)
    return isinstance(item, str) or (isinstance(item, list) and all(isinstance(one, str) for one in item))


def _read(said: Mapping[str, Any], *, unknown: tuple[str, ...]) -> DaemonConfig:
    remarks: list[str] = []
    translated = to_bash(str(said.get("bootstrap_command", "")))
    remarks += [f"bootstrap_command: {remark}" for remark in translated.remarks]
    bootstrap = translated.line if said.get("force_bootstrap_if_idle", False) else ""
    run_id = str(said.get("run_id", ""))
    missions = {"all": "mission_file", "worker": "worker_mission_file", "mentor": "mentor_mission_file"}
    return DaemonConfig(
        name=run_id if run_id.replace("-", "").replace("_", "").isalnum() else "",
        model=_model(str(said.get("model", ""))),
        mentor_model=_model(str(said.get("mentor_model", ""))),
        python=_python(str(said.get("auto_repair_python_exe", "")), remarks),
        missions={role: str(said[name]) for role, name in missions.items() if said.get(name)},
        bootstrap=bootstrap,
        most_watch=float(max(LEAST_WINDOW_S, int(said.get("max_monitor_seconds", MOST_WINDOW_S)))),
        mentor=_mentor(said),
        forced=ForcedConfig(
            first=bool(bootstrap),
            recover=said.get("enable_stuck_wait_recovery", False),
            after=max(1, int(said.get("stuck_wait_recovery_cycles", RECOVERY_CYCLES))),
        ),
        repair=_repair(said, remarks),
        finish_up_s=60.0 * max(_LEAST_FINISH_UP, float(said.get("finishup_default_minutes_left", _FINISH_UP))),
        unknown=unknown,
        idle=tuple(name for name in said if not _BY_NAME[name].ours),
        remarks=tuple(remarks),
    )


def _mentor(said: Mapping[str, Any]) -> MentorConfig:
    return MentorConfig(
        enabled=said.get("mentor_enabled", True),
        every=max(1, int(said.get("mentor_every_n_cycles", 4))),
        health_every=max(1, int(said.get("mentor_health_check_every_n_cycles", 10))),
        when_stuck=said.get("mentor_force_when_stuck", True),
        least_idle=max(0, int(said.get("mentor_challenge_streak_min_idle_cycles", 4))),
        applies=said.get("mentor_apply_suggestions", True),
        needs_search=said.get("mentor_require_web_search", False),
        mode=mode_named(str(said.get("interaction_mode", "standard"))),
    )


def _python(name: str, remarks: list[str]) -> Path | None:
    if not name or Path(name).is_file():
        return Path(name) if name else None
    remarks.append(f"auto_repair_python_exe: there is no {name!r} on this machine; name one with --python")
    return None


def _repair(said: Mapping[str, Any], remarks: list[str]) -> RepairConfig:
    packages = [_lists(said, f"auto_repair_module_{one}_map", remarks) for one in ("package", "alias")]
    modules = dict.fromkeys(module for table in packages for module in table)
    return RepairConfig(
        enabled=said.get("auto_repair_enabled", True),
        retry=said.get("auto_repair_retry_on_success", True),
        guess=said.get("auto_repair_allow_direct_module_install", False),
        packages={
            module: tuple(dict.fromkeys(one for table in packages for one in table.get(module, ())))
            for module in modules
        },
        clones=_clones(said, "auto_repair_module_clone_map"),
        model_packages=_lists(said, "auto_repair_model_package_map", remarks),
        model_clones=_clones(said, "auto_repair_model_clone_map"),
        fallbacks=dict(said.get("auto_repair_model_fallback_map", {})),
    )


def _lists(said: Mapping[str, Any], name: str, remarks: list[str]) -> dict[str, tuple[str, ...]]:
    table: Mapping[str, str | list[str]] = said.get(name, {})
    told = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()}
    wrong = [one for names in told.values() for one in names if not is_requirement(one)]
    remarks += [f"{name}: {one!r} is no name of a distribution and is left out" for one in wrong]
    found = {key: tuple(filter(is_requirement, names)) for key, names in told.items()}
    return {key: names for key, names in found.items() if names}


def _clones(said: Mapping[str, Any], name: str) -> dict[str, CloneConfig]:
    tables = {key: {"repo": value} if isinstance(value, str) else value for key, value in said.get(name, {}).items()}
    return {
        key: CloneConfig(
            repository=table["repo"],
            ref=str(table.get("ref") or table.get("branch") or ""),
            folder=str(table.get("subdir") or ""),
        )
        for key, table in tables.items()
    }


def _model(name: str) -> str:
    return name if not name or ":" in name else f"openai:{name}"
