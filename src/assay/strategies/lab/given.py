"""Given: what both roles are told that stays the same for a whole run: repository, options, machine, sources."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import PurePosixPath

from assay.models.literature import PACK_DATED, close_in_pack
from assay.models.roles import Machine, SourceText
from assay.operators.lab.context import Given
from assay.strategies.lab.config import LabConfig

KNOWN = 4
_SHARED = 2
"""Words that a method of the pack must share with the mission to be shown."""
_SUMMARY = 260
_SHOWN = frozenset({".py", ".sh", ".yaml", ".yml", ".toml", ".json", ".cfg", ".ini", ".r", ".jl", ""})

Read = Callable[[str], str | None]
"""Looks up a text of the repository."""


def given_of(
    config: LabConfig, machine: Machine, read: Read, *, web: bool, may_install: tuple[str, ...] | None
) -> Given:
    """Return what a role is told in every cycle alike.

    Args:
        config: What the repository says of itself.
        machine: Where experiments run.
        read: Looks up files of the repository.
        web: Whether whoever answers may search the web; if not, what Assay's own catalogue knows takes its place.
        may_install: Modules that are installed where one is missing; None where nothing is.
    """
    return Given(
        missions=config.missions,
        rules=config.rules,
        metric=config.as_metric,
        command=config.command,
        options=config.options,
        files=config.files,
        sources=sources_of(config, read),
        machine=_machine(machine),
        packages=tuple(f"{name} {version}" for name, version in sorted(machine.packages.items())),
        may_install=may_install,
        search=web,
        known=() if web else known_to(config.mission),
        dated=f"{PACK_DATED:%B %Y}",
        experiment_s=config.time,
        most_watch_s=config.most_watch,
    )


def sources_of(config: LabConfig, read: Read) -> tuple[SourceText, ...]:
    """Return the files that an experiment may have otherwise, and those that the default command names."""
    paths = dict.fromkeys((*config.files, *_called(config.command)))
    texts = ((path, read(path)) for path in paths if PurePosixPath(path).suffix.lower() in _SHOWN)
    return tuple(SourceText(path=path, text=text, may_edit=path in config.files) for path, text in texts if text)


def known_to(mission: str) -> tuple[str, ...]:
    """Return what the pack of methods has on a mission, a line each; nothing where nothing is close."""
    papers = close_in_pack(mission, KNOWN, shared=_SHARED)
    return tuple(f"{paper.title} ({paper.year}): {paper.abstract[:_SUMMARY].strip()}" for paper in papers)


def _called(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return [word.rpartition("=")[2].removeprefix("./") for word in words if PurePosixPath(word).suffix]


def _machine(machine: Machine) -> str:
    cores = f"{machine.cores} core{'s' if machine.cores != 1 else ''}"
    return f"{cores}, {machine.memory_gb:.3g} GB memory, {machine.gpu or 'no GPU'}, Python {machine.python}"
