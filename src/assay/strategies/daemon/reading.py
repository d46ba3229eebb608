"""`daemon_config.json` of the loop that the lab follows, read as it is: every key, and what it is here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.errors import UsageError
from assay.operators.lab.forced import RECOVERY_CYCLES, ForcedRules
from assay.operators.lab.mentor import MentorRules, mode_named
from assay.operators.lab.repair import Clone, RepairRules
from assay.operators.lab.watching import LEAST_WINDOW_S, MOST_WINDOW_S, USUAL_WINDOW_S
from assay.strategies.daemon.powershell import to_bash
from assay.strategies.daemon.settings import LabSettings

Kind = type | tuple[type, ...]
NUMBER = (int, float)


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key."""

    name: str
    ours: str
    """What it sets here; empty where nothing corresponds to it."""
    why: str = ""
    kind: Kind = str
    """Type of its value; null says nothing."""


def _keys(kind: Kind, rows: Mapping[str, tuple[str, str]]) -> tuple[Key, ...]:
    return tuple(Key(name=name, ours=ours, why=why, kind=kind) for name, (ours, why) in rows.items())


_SEARCH = "Whether the model may search the web is its provider's to say; `assay doctor` shows it."
_NETWORK = "Experiments run in the sandbox, without a network; `--sandbox` says how."
_CODEX = "Of one agent program; say `--model cli:PROGRAM` and set it there."
KEYS: tuple[Key, ...] = (
    *_keys(
        str,
        {
            "run_id": ("`--name`", "Letters, digits, - and _."),
            "model": ("`--model`", "A bare name is taken as one of `openai:`."),
            "reasoning_effort": ("", _CODEX),
            "web_search_mode": ("", _SEARCH),
            "worker_display_name": ("", "Reports say worker and mentor."),
            "mentor_display_name": ("", "Reports say worker and mentor."),
            "interaction_mode": ("mode of the mentor", "`builder_only` and its like are understood."),
            "mentor_model": ("`--role-model`", "For `lab_mentor`, unless `--model` was typed."),
            "mentor_reasoning_effort": ("", _CODEX),
            "mentor_web_search_mode": ("", _SEARCH),
            "bootstrap_label": ("", "The experiment is called bootstrap."),
            "bootstrap_command": (
                "",
                "Write it as `command` into `lab.toml`, in `bash`; where they differ, that is said.",
            ),
            "run_shell": ("", "Commands are `bash` lines or argument vectors."),
            "workspace_root": ("", "A run keeps everything in one folder below `--runs`."),
            "mission_file": ("mission of both roles", ""),
            "worker_mission_file": ("mission of the worker", ""),
            "mentor_mission_file": ("mission of the mentor", "Without it: that of the worker."),
            "python_exe": ("", "Assay runs by its own interpreter."),
            "auto_repair_python_exe": ("`--python`", "Where it exists on this machine."),
            "finishup_control_file": ("", "`assay finish` sends a message; `--show` says what is planned."),
            "finishup_report_script": ("", "`assay report` writes reports from the journal."),
            "data_source_root": ("", "Data are shown to experiments read-only; name the folder with `--data`."),
        },
    ),
    *_keys(
        NUMBER,
        {
            "daemon_poll_seconds": ("", "A cycle with nothing to do waits for 20 seconds at most."),
            "cycle_poll_seconds": ("", "An experiment is looked at every second."),
            "default_monitor_seconds": ("", "The worker says it with each decision."),
            "max_monitor_seconds": ("longest that a cycle watches an experiment", "At least 15."),
            "mentor_every_n_cycles": ("cycles between two reviews", ""),
            "mentor_health_check_every_n_cycles": ("the same for a mentor that only looks on", ""),
            "mentor_challenge_streak_min_idle_cycles": ("idle cycles before challenges force a review", ""),
            "stale_orphan_idle_cycles": (
                "",
                "An experiment is found by its process and start time, so no cycles are counted.",
            ),
            "stuck_wait_recovery_cycles": ("waiting cycles until the first command is run again", "Only if enabled."),
            "finishup_default_minutes_left": ("`--finish-up`", "Where `--time` is longer."),
            "finishup_default_report_top_k": ("", "`assay finish --top-k` says it, 3 to 20."),
        },
    ),
    *_keys(
        bool,
        {
            "network_access_enabled": ("", _NETWORK),
            "skip_git_repo_check": ("", "A folder without git is copied within limits."),
            "rechallenge_on_done": ("", "A run that has ended is taken up with `assay resume --time MORE`."),
            "mentor_enabled": ("whether there is a mentor", ""),
            "mentor_force_when_stuck": ("whether being stuck forces a review", ""),
            "mentor_apply_suggestions": ("whether a challenge replaces the decision", ""),
            "mentor_require_web_search": ("whether that needs a web search", ""),
            "mentor_network_access_enabled": ("", _NETWORK),
            "force_bootstrap_if_idle": ("whether the first command is run by itself", "At most 3 times."),
            "enable_stuck_wait_recovery": ("whether waiting runs it again", "Off by default."),
            "auto_repair_enabled": (
                "whether a failed experiment is repaired",
                "By a value that is supported; packages only with `--set installs=on`.",
            ),
            "auto_repair_retry_on_success": ("whether the command is tried once more", ""),
            "auto_repair_allow_direct_module_install": (
                "whether a module that nobody names is looked for under its own name",
                "With `--set installs=on`.",
            ),
        },
    ),
    *_keys(
        dict,
        {
            "auto_repair_module_package_map": (
                "module to the distributions that may hold it",
                "Installed one at a time with `--set installs=on`; otherwise the first is told.",
            ),
            "auto_repair_module_alias_map": ("the same, after those of the other map", ""),
            "auto_repair_module_clone_map": (
                "module to the repository that holds it",
                "Put on the path with `--set installs=on`, and not built.",
            ),
            "auto_repair_model_package_map": (
                "model to the distributions that make it supported",
                "With `--set installs=on`.",
            ),
            "auto_repair_model_clone_map": ("the same for repositories", "With `--set installs=on`."),
            "auto_repair_model_fallback_map": ("model to one that is supported", "In a copy of the config."),
        },
    ),
)
_BY_NAME = {key.name: key for key in KEYS}


@dataclass(frozen=True, kw_only=True)
class DaemonConfig:
    """What a file says."""

    settings: LabSettings
    name: str = ""
    """Of the run; empty where the file gives none that can be one."""
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
    remarks: list[str] = []
    settings = _settings(known, remarks)
    run_id = str(known.get("run_id", ""))
    return DaemonConfig(
        settings=settings,
        name=run_id if run_id.replace("-", "").replace("_", "").isalnum() else "",
        unknown=tuple(name for name in said if name not in _BY_NAME),
        idle=tuple(name for name in known if not _BY_NAME[name].ours),
        remarks=tuple(remarks),
    )


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


def _settings(said: Mapping[str, Any], remarks: list[str]) -> LabSettings:
    translated = to_bash(str(said.get("bootstrap_command", "")))
    remarks += [f"bootstrap_command: {remark}" for remark in translated.remarks]
    return LabSettings(
        model=_model(str(said.get("model", ""))),
        mentor_model=_model(str(said.get("mentor_model", ""))),
        mentor=_mentor(said),
        missions={
            role: str(said[name])
            for role, name in (
                ("all", "mission_file"),
                ("worker", "worker_mission_file"),
                ("mentor", "mentor_mission_file"),
            )
            if said.get(name)
        },
        names={
            role: str(said[name])
            for role, name in (("worker", "worker_display_name"), ("mentor", "mentor_display_name"))
            if said.get(name)
        },
        poll_s=max(5.0, float(said.get("daemon_poll_seconds", 20))),
        look_s=max(1.0, float(said.get("cycle_poll_seconds", 5))),
        window_s=max(LEAST_WINDOW_S, int(said.get("default_monitor_seconds", USUAL_WINDOW_S))),
        most_window_s=max(LEAST_WINDOW_S, int(said.get("max_monitor_seconds", MOST_WINDOW_S))),
        stale_cycles=max(1, int(said.get("stale_orphan_idle_cycles", 3))),
        forced=ForcedRules(
            bootstrap=translated.line if said.get("force_bootstrap_if_idle", False) else "",
            recover=said.get("enable_stuck_wait_recovery", False),
            recovery_cycles=max(1, int(said.get("stuck_wait_recovery_cycles", RECOVERY_CYCLES))),
        ),
        repair=_repair(said, remarks),
        finish_up_s=60.0 * max(5.0, float(said.get("finishup_default_minutes_left", 60))),
        top_k=min(20, max(3, int(said.get("finishup_default_report_top_k", 10)))),
        repository=translated.place,
    )


def _mentor(said: Mapping[str, Any]) -> MentorRules:
    return MentorRules(
        enabled=said.get("mentor_enabled", True),
        every=max(1, int(said.get("mentor_every_n_cycles", 4))),
        health_every=max(1, int(said.get("mentor_health_check_every_n_cycles", 10))),
        force_when_stuck=said.get("mentor_force_when_stuck", True),
        least_idle=max(0, int(said.get("mentor_challenge_streak_min_idle_cycles", 4))),
        apply=said.get("mentor_apply_suggestions", True),
        require_search=said.get("mentor_require_web_search", False),
        mode=mode_named(str(said.get("interaction_mode", "standard"))),
    )


def _repair(said: Mapping[str, Any], remarks: list[str]) -> RepairRules:
    python = str(said.get("auto_repair_python_exe", ""))
    if python and not Path(python).is_file():
        remarks.append(f"auto_repair_python_exe: there is no {python!r} on this machine; name one with --python")
        python = ""
    return RepairRules(
        enabled=said.get("auto_repair_enabled", True),
        retry=said.get("auto_repair_retry_on_success", True),
        guess=said.get("auto_repair_allow_direct_module_install", False),
        python=python,
        packages=_lists(said, "auto_repair_module_package_map"),
        aliases=_lists(said, "auto_repair_module_alias_map"),
        clones=_clones(said, "auto_repair_module_clone_map"),
        model_packages=_lists(said, "auto_repair_model_package_map"),
        model_clones=_clones(said, "auto_repair_model_clone_map"),
        fallbacks=dict(said.get("auto_repair_model_fallback_map", {})),
    )


def _lists(said: Mapping[str, Any], name: str) -> dict[str, tuple[str, ...]]:
    table: Mapping[str, str | list[str]] = said.get(name, {})
    return {key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()}


def _clones(said: Mapping[str, Any], name: str) -> dict[str, Clone]:
    found = {}
    for key, value in said.get(name, {}).items():
        table = {"repo": value} if isinstance(value, str) else value
        found[key] = Clone(
            repository=table["repo"],
            ref=str(table.get("ref") or table.get("branch") or ""),
            folder=str(table.get("subdir") or ""),
            editable=bool(table.get("editable", False)),
        )
    return found


def _model(name: str) -> str:
    return name if not name or ":" in name else f"openai:{name}"
