"""From a daemon's config: what `daemon_config.json` says, put over what the repository's `lab.toml` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assay.operators.lab.context import MISSION_FILES, Role
from assay.strategies.daemon import DaemonConfig, LabSettings, read_daemon_config
from assay.strategies.lab.config import ForcedConfig, LabConfig, MentorConfig, RepairConfig


def with_daemon_config(config: LabConfig, file: Path) -> LabConfig:
    """Return the configuration with mentor, missions, watching, forced runs and repairs as `file` wants them.

    Command, metric, options and files stay those of `lab.toml`: the file says nothing of where a score is found.

    Args:
        config: What `lab.toml` says.
        file: A `daemon_config.json`; its missions lie beside it.

    Raises:
        UsageError: It cannot be read (E090), or values have the wrong type (E093).
    """
    settings = read_daemon_config(file).settings
    missions = {**config.missions, **missions_of(settings, file.parent)}
    told, mentor = settings.repair, settings.mentor
    return config.model_copy(
        update={
            "missions": missions,
            "mission": missions.get("worker", config.mission),
            "most_watch": float(settings.most_window_s),
            "mentor": MentorConfig(
                enabled=mentor.enabled,
                every=mentor.every,
                health_every=mentor.health_every,
                when_stuck=mentor.force_when_stuck,
                least_idle=mentor.least_idle,
                applies=mentor.apply,
                needs_search=mentor.require_search,
                mode=mentor.mode,
            ),
            "forced": ForcedConfig(
                first=bool(settings.forced.bootstrap),
                recover=settings.forced.recover,
                after=settings.forced.recovery_cycles,
            ),
            "repair": RepairConfig(
                enabled=told.enabled,
                retry=told.retry,
                fallbacks={**config.repair.fallbacks, **told.fallbacks},
                packages={**config.repair.packages, **_first(told.aliases), **_first(told.packages)},
            ),
        }
    )


def missions_of(settings: LabSettings, folder: Path) -> dict[Role, str]:
    """Return the missions that can be read, by role: a role's own file, else the one for both."""
    found: dict[Role, str] = {}
    for role in MISSION_FILES:
        name = settings.missions.get(role) or settings.missions.get("all")
        text = _text(folder / name) if name else ""
        if text:
            found[role] = text
    return found


def left_out(config: DaemonConfig, lab: LabConfig, folder: Path) -> tuple[str, ...]:
    """Return what the file wants and a lab does not do, in a line each.

    Args:
        config: What the file says.
        lab: What `lab.toml` says.
        folder: Of the file.
    """
    settings, lines = config.settings, [*config.remarks]
    if settings.mentor_model and settings.mentor_model != settings.model:
        lines.append(f"mentor_model: the mentor is answered by the worker's model, not by {settings.mentor_model}")
    if settings.mentor.require_search and settings.mentor.enabled:
        lines.append("mentor_require_web_search: nobody searches in a lab, so no suggestion will be carried out")
    if settings.forced.bootstrap and settings.forced.bootstrap != lab.command:
        lines.append(f"bootstrap_command: the command of lab.toml is run instead: {lab.command}")
    repair = settings.repair
    if repair.guess or repair.clones or repair.model_packages or repair.model_clones:
        lines.append("auto_repair: nothing is installed or cloned by itself; what is missing is told to the worker")
    lines += [
        f"{name!r} cannot be read, so the mission of lab.toml's folder stays"
        for name in dict.fromkeys(settings.missions.values())
        if not _text(folder / name)
    ]
    return tuple(lines)


def _first(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {module: names[0] for module, names in table.items() if names}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
