"""The commands below `model`: who could answer, whether one does, and which one runs take."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.cli.options.model_flags import PLAYBOOK, is_on_this_machine, read_model, read_role_models
from assay.cli.options.problems import Problems
from assay.cli.options.records import RunFlags
from assay.cli.output import one_line
from assay.cli.saved_model import SavedModel, config_file, read_saved, write_saved
from assay.cli.shell import Shell
from assay.core.errors import MachineError, UsageError
from assay.models.endpoint import PROVIDERS
from assay.report.formatting import format_duration, format_money

if TYPE_CHECKING:
    from assay.models.base import Answer
    from assay.models.servers import LocalServer

_SHOWN = 6
"""Models of a server that are named."""
_TIMEOUT_S = 60.0


def list_models(shell: Shell) -> int:
    """Say which providers have a key, which servers of this machine answer, and what each role would use."""
    from assay.models.program.formats import KNOWN
    from assay.models.servers import local_servers

    saved, servers = read_saved(), local_servers(os.environ)
    keys = {name: [key for key in provider.keys if os.environ.get(key)] for name, provider in PROVIDERS.items()}
    programs = {name: shutil.which(name) for name in KNOWN}
    value = {
        "runs": saved.model if saved else PLAYBOOK,
        "roles": dict(saved.roles) if saved else {},
        "base_url": saved.base_url if saved else None,
        "file": str(config_file()),
        "providers": {name: {"keys": list(p.keys), "set": keys[name]} for name, p in PROVIDERS.items()},
        "servers": [{"address": s.address, "usual": s.usual, "models": list(s.models)} for s in servers],
        "programs": programs,
    }
    lines = [*_chosen_lines(saved), ""]
    lines += [f" {name:<10} {_key_words(name, set_keys)}" for name, set_keys in keys.items()]
    lines += [""] + ([line for server in servers for line in _server_lines(server)] or [_NO_SERVER])
    found = [f"--model cli:{name}" for name, path in programs.items() if path]
    lines += ["", f" programs   {' · '.join(found) or 'none of ' + ', '.join(programs) + ' is installed'}"]
    lines.append(" next       assay model test PROVIDER:NAME · assay model setup PROVIDER:NAME")
    shell.output.answer("model-list", value, "\n".join(lines))
    return 0


_NO_SERVER = " this machine: no server of models answers (Ollama, LM Studio, vLLM and llama.cpp were looked for)"


def _chosen_lines(saved: SavedModel | None) -> list[str]:
    if saved is None:
        return [" runs take  the playbook, which needs no key: nothing else was chosen"]
    at = f" at {saved.base_url}" if saved.base_url else ""
    lines = [f" runs take  {saved.model}{at}, as {config_file()} says"]
    lines += [f"            {model} for {role}" for role, model in saved.roles.items()]
    return [*lines, "            the playbook for baselines, whoever answers the rest"]


def _key_words(name: str, found: list[str]) -> str:
    provider = PROVIDERS[name]
    if found:
        return f"{found[0]} is set"
    return f"{' or '.join(provider.keys)} is not set" if provider.key_needed else "needs no key"


def _server_lines(server: LocalServer) -> list[str]:
    names = [one_line(name, 60) for name in server.models]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    usual = f", where {server.usual} usually is" if server.usual else ""
    shown = f"{', '.join(names[:_SHOWN])}{more}" if names else "no model yet"
    return [f" {server.address}{usual}: {shown}", *([f"            {_how(server, names[0])}"] if names else [])]


def _how(server: LocalServer, name: str) -> str:
    if server.address == "http://127.0.0.1:11434/v1" and not os.environ.get("OLLAMA_BASE_URL"):
        return f"--model ollama:{name}"
    return f"--model openai:{name} --base-url {server.address}"


def try_model(shell: Shell, model: str | None, base_url: str | None) -> int:
    """Put one small question to a model and say how long it took, how many tokens, and what it cost.

    Raises:
        UsageError: There is no such model.
        ModelError: It did not answer (E301 to E311), and nothing is tried twice.
    """
    saved = read_saved() if model is None else None
    spec, address = (model, base_url) if saved is None else (saved.model, base_url or saved.base_url)
    checked, _ = _checked(spec or PLAYBOOK, address, ())
    if checked == PLAYBOOK:
        shell.output.answer(
            "model-test", {"model": PLAYBOOK, "asked": False}, "the playbook answers from its recipes: nobody is asked"
        )
        return 0
    from assay.models.ping import QUESTION, ping

    answer = ping(checked, base_url=address, timeout_s=_TIMEOUT_S, at=shell.output.clock.now())
    right = answer.reply.answer == QUESTION.right
    usage = answer.usage
    value = {
        "model": answer.model,
        "asked": True,
        "right": right,
        "seconds": round(answer.latency_s, 3),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
    }
    shell.output.answer("model-test", value, "\n".join(_tested_lines(answer, checked, right=right)))
    return 0


def _tested_lines(answer: Answer[Any], spec: str, *, right: bool) -> list[str]:
    usage = answer.usage
    cost = format_money(usage.cost_usd, usage.unpriced)
    price = "its price is not known here: state it as ASSAY_PRICE=IN,OUT, for --cost" if cost == "unknown" else cost
    asked = "" if usage.requests == 1 else f" in {usage.requests} requests, since a reply was out of form"
    return [
        f" {one_line(answer.model, 80)} answered in {format_duration(answer.latency_s)}{asked}",
        f" tokens   {usage.input_tokens:,} in, {usage.output_tokens:,} out · {price}",
        " answer   in the asked form, and right" if right else " answer   in the asked form, and wrong: expect little",
        f" next     assay model setup {spec}",
    ]


def set_up(shell: Shell, model: str | None, base_url: str | None, role_models: tuple[str, ...], *, forget: bool) -> int:
    """Choose the model that runs take where no option says otherwise.

    Raises:
        UsageError: It can be none (E002), or nobody can be asked which (E041).
        MachineError: The file cannot be written (E501).
    """
    path = config_file()
    if forget:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise MachineError("E501", f"{str(path)!r} cannot be removed: {error}", fix="see who owns it") from error
        shell.output.answer("model-setup", {"model": PLAYBOOK, "file": str(path)}, "runs take the playbook again")
        return 0
    spec, roles = _checked(model or _asked(shell), base_url, role_models)
    saved = SavedModel(model=spec, base_url=base_url, roles=roles)
    write_saved(saved)
    lines = _chosen_lines(saved)
    lines += [f" key        {missing}" for missing in _missing_keys(saved)]
    if not is_on_this_machine(spec, base_url):
        lines.append(" sent       questions leave this machine when it is asked; assay run --offline refuses that")
    lines.append(" next       assay model test · assay run DATA --cost 2 --dry-run")
    value = {"model": spec, "base_url": base_url, "roles": dict(roles), "file": str(path)}
    shell.output.answer("model-setup", value, "\n".join(lines))
    return 0


def _missing_keys(saved: SavedModel) -> list[str]:
    """Return which variables must be set before the chosen models can be asked; none is read further."""
    from assay.core.errors import ProviderRefused
    from assay.models.endpoint import resolve
    from assay.models.opening import address_for

    told = []
    for spec in dict.fromkeys((saved.model, *saved.roles.values())):
        if spec == PLAYBOOK or spec.startswith(("cli:", "recorded:")):
            continue
        try:
            resolve(spec, base_url=address_for(spec, saved.model, saved.base_url), environ=os.environ).key()
        except ProviderRefused as error:
            told.append(f"{error.message}: {error.fix}")
    return told


def _checked(model: str, base_url: str | None, role_models: tuple[str, ...]) -> tuple[str, Mapping[str, str]]:
    flags, problems = RunFlags(model=model, base_url=base_url, role_models=role_models), Problems()
    spec, roles = read_model(flags, problems), read_role_models(flags, problems)
    problems.raise_any("model setup")
    return spec, roles


def _asked(shell: Shell) -> str:
    """Return what a person answers when asked for a model."""
    if shell.output.json or not shell.output.abilities.terminal:
        raise UsageError("E041", "nobody can be asked here which model", fix="assay model setup PROVIDER:NAME")
    import typer

    list_models(shell)
    return str(typer.prompt("Which model answers runs? PROVIDER:NAME", default=PLAYBOOK))
