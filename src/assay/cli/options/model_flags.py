"""Who answers: the model of a run, and models of their own for some of its roles, as typed."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.errors import MachineError, UsageError

if TYPE_CHECKING:
    from assay.cli.options.flags import RunChoices
    from assay.cli.options.problems import Problems
    from assay.cli.options.records import RunFlags

PLAYBOOK = "playbook"


def read_model(flags: RunFlags, problems: Problems) -> str:
    """Return the run's model; what is wrong goes to `problems`."""
    model = flags.model.strip() if flags.model is not None else PLAYBOOK
    if model == PLAYBOOK and flags.base_url is not None:
        problems.add("--base-url has no use without --model: the playbook asks nobody")
    return _checked(model, "--model", flags.base_url, flags, problems)


def read_role_models(flags: RunFlags, problems: Problems) -> dict[str, str]:
    """Return the models that answer single roles, by role; what is wrong goes to `problems`."""
    if not flags.role_models:
        return {}
    from assay.models.opening import address_for
    from assay.models.roles import ROLES

    found: dict[str, str] = {}
    for text in flags.role_models:
        role, _, model = (part.strip() for part in text.partition("="))
        if not (role and model):
            problems.add(f"--role-model {text!r}: is no choice such as lab_mentor=openai:gpt-5")
            continue
        if role not in ROLES:
            problems.add(f"--role-model {text!r}: there is no role {role!r}; there are {', '.join(sorted(ROLES))}")
            continue
        address = address_for(model, flags.model or PLAYBOOK, flags.base_url)
        found[role] = _checked(model, f"--role-model {role}", address, flags, problems)
    return found


def _checked(model: str, flag: str, address: str | None, flags: RunFlags, problems: Problems) -> str:
    if model == PLAYBOOK:
        return model
    if model.startswith("recorded:"):
        if not Path(model.removeprefix("recorded:")).is_dir():
            problems.add(f"{flag} {model!r}: there is no such folder of recordings")
        return model
    if model.startswith("cli:"):
        return _program(model, flag, address, flags, problems)
    from assay.models.endpoint import resolve

    try:
        endpoint = resolve(model, base_url=address, environ=os.environ)
    except UsageError as error:
        problems.add(f"{flag}: {error.message}")
        return model
    if flags.offline and not _is_local(endpoint.base_url):
        problems.add(f"--offline with {flag} {model!r}: it is not on this machine; say --base-url, or no model")
    return model


def _program(model: str, flag: str, address: str | None, flags: RunFlags, problems: Problems) -> str:
    """Return the spec as the run keeps it: it may be resumed from another folder."""
    if address is not None:
        problems.add("--base-url has no use with a program: it knows by itself whom it asks")
    if flags.offline:
        problems.add(f"--offline with {flag} {model!r}: what a program sends, Assay does not see")
    from assay.models.program.choice import resolve_program

    try:
        return resolve_program(model, environ=os.environ).spec
    except UsageError as error:
        problems.add(f"{flag}: {error.message}")
        return model


def _is_local(base_url: str | None) -> bool:
    return base_url is not None and bool(
        re.match(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(/|$)", base_url)
    )


def is_on_this_machine(model: str, base_url: str | None) -> bool:
    """Return whether nothing leaves this machine when `model` is asked; False for what is no model."""
    if model == PLAYBOOK or model.startswith("recorded:"):
        return True
    if model.startswith("cli:"):
        return False
    from assay.models.endpoint import resolve

    try:
        return _is_local(resolve(model, base_url=base_url, environ=os.environ).base_url)
    except UsageError:
        return False


def require_model(choices: RunChoices) -> None:
    """Check before anything is spent that the models could be asked.

    Raises:
        ProviderRefused: It needs a key, and none is set (E303).
        ProgramUnusable: It is a program, and there is none of this name (E309).
        MachineError: The packages for language models are not installed (E560).
    """
    from assay.models import address_for

    for model in dict.fromkeys((choices.model, *choices.role_models.values())):
        _require(model, address_for(model, choices.model, choices.base_url))


def _require(model: str, address: str | None) -> None:
    if model == "playbook" or model.startswith("recorded:"):
        return
    if model.startswith("cli:"):
        from assay.models.program.choice import resolve_program

        resolve_program(model, environ=os.environ).locate()
        return
    from assay.models.endpoint import resolve

    resolve(model, base_url=address, environ=os.environ).key()
    if importlib.util.find_spec("pydantic_ai") is None:
        raise MachineError("E560", "language models need packages that are not installed", fix="uv sync --extra llm")
