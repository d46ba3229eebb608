"""The model that a person chose for all runs: a file of theirs, read where no option says otherwise; no key in it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.cli.options.records import RunFlags
from assay.core.errors import MachineError, UsageError
from assay.core.files import write_whole

UNREADABLE = "E067"
_HEAD = """\
# Written by `assay model setup`. Options go before it, and keys never stand here: they are read from the environment.
"""


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """What was chosen."""

    model: str
    base_url: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    """Models of their own, by role."""


def config_file(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the file is, which may not exist."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "assay" / "config.toml"


def read_saved(environ: Mapping[str, str] | None = None) -> SavedModel | None:
    """Return what was chosen, or None.

    Raises:
        UsageError: The file is there and cannot be understood (E067).
    """
    path = config_file(environ)
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("model", {})
        if not table:
            return None
        roles = {str(role): str(model) for role, model in table.get("roles", {}).items()}
        base_url = table.get("base_url")
        return SavedModel(model=str(table["name"]), base_url=None if base_url is None else str(base_url), roles=roles)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            UNREADABLE, f"{str(path)!r} cannot be understood: {error}", fix="assay model setup --forget"
        ) from error


def write_saved(saved: SavedModel, environ: Mapping[str, str] | None = None) -> Path:
    """Write the file anew and return where it is.

    Raises:
        MachineError: It cannot be written (E501).
    """
    lines = ["[model]", f"name = {json.dumps(saved.model)}"]
    lines += [f"base_url = {json.dumps(saved.base_url)}"] if saved.base_url else []
    if saved.roles:
        lines += ["", "[model.roles]", *(f"{role} = {json.dumps(model)}" for role, model in saved.roles.items())]
    path = config_file(environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _HEAD + "\n".join(lines) + "\n")
    except OSError as error:
        raise MachineError(
            "E501", f"{str(path)!r} cannot be written: {error}", fix="see who owns the folder"
        ) from error
    return path


def with_saved(flags: RunFlags, environ: Mapping[str, str] | None = None) -> tuple[RunFlags, str]:
    """Return the options of a run with the saved choice where nothing was typed, and a line that says so.

    A model that is typed puts the whole choice aside, and `--offline` one that is not on this machine.
    """
    from assay.cli.options.model_flags import PLAYBOOK, is_on_this_machine

    if flags.model is not None or flags.base_url is not None:
        return flags, ""
    saved = read_saved(environ)
    if saved is None or saved.model == PLAYBOOK:
        return flags, ""
    if flags.offline and not is_on_this_machine(saved.model, saved.base_url):
        return flags, f" chosen   {saved.model} is left aside: it is not on this machine"
    typed = tuple(text.partition("=")[0].strip() for text in flags.role_models)
    kept = {role: model for role, model in saved.roles.items() if role not in typed}
    if flags.offline:
        kept = {role: model for role, model in kept.items() if is_on_this_machine(model, None)}
    roles = tuple(f"{role}={model}" for role, model in kept.items())
    given = replace(flags, model=saved.model, base_url=saved.base_url, role_models=(*roles, *flags.role_models))
    return given, f" chosen   {saved.model}, by assay model setup; --model playbook asks nobody"
