"""Repair: what may be tried by itself when an experiment failed for want of a package or of an option's value.

Only what a person's maps name is ever installed, one package at a time; a guess must be allowed, and is one name. The
original command and the original config file stay as they are: a fallback is another command, or a copy of the file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from assay.operators.lab.forbidden import ReadFile

MOST_LOG = 20_000
_MISSING = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named ['\"]?(?P<module>[A-Za-z_][\w.]*)")
_UNSUPPORTED = re.compile(
    r"(?:unsupported|unknown|unrecognized|invalid)\s+(?:value\s+(?:for|of)\s+)?['\"]?(?P<option>[A-Za-z_][\w.-]*)['\"]?"
    r"\s*[:=]\s*['\"]?(?P<value>[\w./+-]+)",
    re.IGNORECASE,
)
_CONFIG = (".yaml", ".yml", ".json", ".toml")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Clone:
    """Source of a package that no index has."""

    repository: str
    ref: str = ""
    folder: str = ""
    """Below the repository, with `/`."""


@dataclass(frozen=True, kw_only=True)
class RepairRules:
    """What may be done by itself when an experiment fails for want of a package or an option."""

    enabled: bool = True
    retry: bool = True
    """Whether the same command is tried once more after a repair."""
    guess: bool = False
    """Whether a module that no map knows may be looked for under its own name; one name, never several."""
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Module to distributions, each installed by itself."""
    clones: Mapping[str, Clone] = field(default_factory=dict)
    model_packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    model_clones: Mapping[str, Clone] = field(default_factory=dict)
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    """Value of an option that is not supported to one that is; goes before an installation."""


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """Another value in the place of one that is not supported."""

    option: str
    value: str
    instead: str
    command: str
    """The command to run: with the value replaced, or with the copy of the config file."""
    edits: Mapping[str, str] = field(default_factory=dict)
    """Path to text of the copy; empty where the command itself held the value."""


@dataclass(frozen=True, kw_only=True)
class Install:
    """One package to install into the run's own environment."""

    wanted: str
    """Module or model that it is for."""
    package: str
    guessed: bool = False


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """One repository to clone and install."""

    wanted: str
    clone: Clone


Step = Fallback | Install | Fetch


def repairs(log: str, command: str, rules: RepairRules, read: ReadFile) -> tuple[Step, ...]:
    """Return what may be tried, in order; the first that works is enough, and the command is then tried once more.

    Args:
        log: What the failed experiment printed.
        command: The shell line that was run.
        rules: What a person allows.
        read: Looks up files of the experiment.
    """
    if not rules.enabled:
        return ()
    end = log[-MOST_LOG:]
    return (*_for_option(end, command, rules, read), *_for_module(end, rules))


def missing_module(log: str) -> str:
    """Return the top-level module that could last not be imported, or nothing."""
    found = list(_MISSING.finditer(log))
    return found[-1]["module"].partition(".")[0] if found else ""


def unsupported(log: str) -> tuple[str, str] | None:
    """Return option and value of the last complaint about a value that is not supported, or None."""
    found = list(_UNSUPPORTED.finditer(log))
    return (found[-1]["option"], found[-1]["value"].rstrip(".,")) if found else None


def _for_option(log: str, command: str, rules: RepairRules, read: ReadFile) -> Iterator[Step]:
    said = unsupported(log)
    if said is None:
        return
    option, value = said
    instead = rules.fallbacks.get(value)
    if instead is not None and instead != value:
        step = _in_command(option, value, instead, command) or _in_config(option, value, instead, command, read)
        if step is not None:
            yield step
    for package in rules.model_packages.get(value, ()):
        yield Install(wanted=value, package=package)
    if value in rules.model_clones:
        yield Fetch(wanted=value, clone=rules.model_clones[value])


def _for_module(log: str, rules: RepairRules) -> Iterator[Step]:
    module = missing_module(log)
    if not module:
        return
    known = _of(rules.packages, module)
    for package in known:
        yield Install(wanted=module, package=package)
    if module in rules.clones:
        yield Fetch(wanted=module, clone=rules.clones[module])
    if not known and module not in rules.clones and rules.guess and _DISTRIBUTION.fullmatch(module):
        yield Install(wanted=module, package=module.replace("_", "-"), guessed=True)


def _of(table: Mapping[str, tuple[str, ...]], module: str) -> tuple[str, ...]:
    exact = table.get(module)
    return exact if exact is not None else table.get(module.lower(), ())


def _in_command(option: str, value: str, instead: str, command: str) -> Fallback | None:
    """Return the command with `value` replaced where it stands as a word, or behind `=`, of its own."""
    word = re.compile(rf"(?<![\w./+-]){re.escape(value)}(?![\w./+-])")
    if not word.search(command):
        return None
    return Fallback(option=option, value=value, instead=instead, command=word.sub(instead, command))


def _in_config(option: str, value: str, instead: str, command: str, read: ReadFile) -> Fallback | None:
    """Return the command with a copy of the one config file that holds the option with this value."""
    key = re.escape(re.split(r"[.-]", option)[-1])
    line = re.compile(rf"^(?P<before>\s*[\"']?{key}[\"']?\s*[:=]\s*[\"']?){re.escape(value)}(?![\w./+-])", re.MULTILINE)
    for word in _words(command):
        path = word.rpartition("=")[2]
        if PurePosixPath(path).suffix.lower() not in _CONFIG:
            continue
        text = read(path.removeprefix("./"))
        if text is None or not line.search(text):
            continue
        copy = PurePosixPath(path).with_stem(f"{PurePosixPath(path).stem}.repaired").as_posix()
        changed = line.sub(lambda match: match["before"] + instead, text)
        new = command.replace(path, copy)
        return Fallback(
            option=option,
            value=value,
            instead=instead,
            command=new,
            edits={copy.removeprefix("./"): changed},
        )
    return None


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
