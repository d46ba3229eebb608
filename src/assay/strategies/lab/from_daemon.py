"""From a daemon's config: what `daemon_config.json` says, put over what the repository's `lab.toml` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assay.kinds.command import is_requirement
from assay.operators.lab.context import MISSION_FILES, Role
from assay.operators.lab.repair import Clone
from assay.strategies.daemon import DaemonConfig, LabSettings, read_daemon_config
from assay.strategies.lab.config import CloneConfig, ForcedConfig, LabConfig, MentorConfig, RepairConfig


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
                guess=told.guess or config.repair.guess,
                packages={**config.repair.packages, **_named(_joined(told.packages, told.aliases))},
                clones={**config.repair.clones, **_cloned(told.clones)},
                model_packages={**config.repair.model_packages, **_named(told.model_packages)},
                model_clones={**config.repair.model_clones, **_cloned(told.model_clones)},
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
    if settings.mentor.require_search and settings.mentor.enabled:
        lines.append("mentor_require_web_search: where its model cannot search, no suggestion will be carried out")
    if settings.forced.bootstrap and settings.forced.bootstrap != lab.command:
        lines.append(f"bootstrap_command: the command of lab.toml is run instead: {lab.command}")
    repair = settings.repair
    if repair.enabled and (repair.guess or repair.packages or repair.aliases or repair.clones or repair.model_packages):
        lines.append("auto_repair: packages are installed, and repositories cloned, only with --set installs=on")
    wrong = [name for table in (repair.packages, repair.aliases, repair.model_packages) for name in _unnamed(table)]
    lines += [f"auto_repair: {name!r} is no name of a distribution and is left out" for name in dict.fromkeys(wrong)]
    lines += [
        f"{name!r} cannot be read, so the mission of lab.toml's folder stays"
        for name in dict.fromkeys(settings.missions.values())
        if not _text(folder / name)
    ]
    return tuple(lines)


def _joined(*tables: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the tables as one: under each name what the first has, and after it what the others add."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: tuple(dict.fromkeys(one for table in tables for one in table.get(name, ()))) for name in names}


def _named(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the table with names of distributions alone."""
    found = {module: tuple(filter(is_requirement, names)) for module, names in table.items()}
    return {module: names for module, names in found.items() if names}


def _unnamed(table: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [name for names in table.values() for name in names if not is_requirement(name)]


def _cloned(table: Mapping[str, Clone]) -> dict[str, CloneConfig]:
    return {
        module: CloneConfig(repository=clone.repository, ref=clone.ref, folder=clone.folder)
        for module, clone in table.items()
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
