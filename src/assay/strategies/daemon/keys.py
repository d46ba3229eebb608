"""Keys of `daemon_config.json`: every one that there is, what it sets here, and why where it sets nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
