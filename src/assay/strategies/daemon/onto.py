"""Onto: what `daemon_config.json` says, put over what the repository's `lab.toml` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assay.operators.lab.context import MISSION_FILES, Role
from assay.strategies.daemon.reading import DaemonConfig, read_daemon_config
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.config_parts import RepairConfig


def with_daemon_config(config: LabConfig, file: Path) -> LabConfig:
    """Return the configuration with mentor, missions, watching, forced runs and repairs as `file` wants them.

    Command, metric, options and files stay those of `lab.toml`: the file says nothing of where a score is found.

    Args:
        config: What `lab.toml` says.
        file: A `daemon_config.json`; its missions lie beside it.

    Raises:
        UsageError: It cannot be read (E090), or values have the wrong type (E093).
    """
    told = read_daemon_config(file)
    missions = {**config.missions, **_missions(told.missions, file.parent)}
    return config.model_copy(
        update={
            "missions": missions,
            "mission": missions.get("worker", config.mission),
            "most_watch": told.most_watch,
            "mentor": told.mentor,
            "forced": told.forced,
            "repair": _joined(config.repair, told.repair),
        }
    )


def left_out(told: DaemonConfig, lab: LabConfig, folder: Path) -> tuple[str, ...]:
    """Return what the file wants and a lab does not do, or only if asked, in a line each.

    Args:
        told: What the file says.
        lab: What `lab.toml` says.
        folder: Of the file.
    """
    lines = [*told.remarks]
    if told.mentor.needs_search and told.mentor.enabled:
        lines.append("mentor_require_web_search: where its model cannot search, no suggestion will be carried out")
    if told.bootstrap and told.bootstrap != lab.command:
        lines.append(f"bootstrap_command: the command of lab.toml is run instead: {lab.command}")
    repair = told.repair
    maps = (repair.packages, repair.clones, repair.model_packages, repair.model_clones)
    if repair.enabled and (repair.guess or any(maps)):
        lines.append("auto_repair: packages are installed, and repositories cloned, only with --set installs=on")
    lines += [
        f"{name!r} cannot be read, so the mission of lab.toml's folder stays"
        for name in dict.fromkeys(told.missions.values())
        if not _text(folder / name)
    ]
    return tuple(lines)


def _joined(own: RepairConfig, theirs: RepairConfig) -> RepairConfig:
    """Return their repairs, with our maps below theirs."""
    maps = ("fallbacks", "packages", "clones", "model_packages", "model_clones")
    return theirs.model_copy(
        update={
            "guess": own.guess or theirs.guess,
            **{name: {**getattr(own, name), **getattr(theirs, name)} for name in maps},
        }
    )


def _missions(files: Mapping[str, str], folder: Path) -> dict[Role, str]:
    """Return the missions that can be read, by role: a role's own file, else the one for both."""
    found: dict[Role, str] = {}
    for role in MISSION_FILES:
        name = files.get(role) or files.get("all")
        text = _text(folder / name) if name else ""
        if text:
            found[role] = text
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
