"""Writes docs/commands.md, the page of all verbs and their options, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from page_parts import DOCS, code, opening, table
from typer.main import get_command

from assay.cli.app import build_app
from assay.cli.help import by_title

PAGE = DOCS / "commands.md"
SHARED = {
    "json": "`--json` on every verb: standard output is JSON only, words go to standard error.",
    "runs": "`--runs FOLDER` on every verb that reads or makes runs: the folder of the run folders; `$ASSAY_RUNS`, or "
    "`runs` by default.",
}
"""Options that so many verbs have that a row for each would hide the others."""

HEAD = opening(
    "Commands",
    """
Every verb with its options, as `assay VERB --help` prints them. A run is named by a unique prefix of its name; without
one, the latest is meant. Times are written `90s`, `10m` or `1h30m`, counts of tokens `500k` or `2M`, money in US
dollars. Each verb ends with one of the [exit codes](exit-codes.md).

Not repeated below:

"""
    + "\n".join(f"- {text}" for text in SHARED.values())
    + "\n- `-h`, `--help` on every verb.",
    "the command line",
)


def page() -> str:
    """Return the page."""
    titles = by_title(get_command(build_app()))
    verbs = (
        text
        for title, commands in titles.items()
        for text in (f"## {title}\n", *(part for command in commands for part in verb_text(command, "assay")))
    )
    return "\n".join([HEAD, overview(titles), *verbs])


def overview(titles: dict[str, list[Any]]) -> str:
    lines = (
        f"- **{title}**: {', '.join(f'[{c.name}](#assay-{c.name})' for c in commands)}"
        for title, commands in titles.items()
    )
    return "\n".join(lines) + "\n"


def verb_text(command: Any, before: str) -> Iterator[str]:
    """Yield one verb, and those below it, under a heading that can be linked as commands.md#assay-run."""
    name = f"{before} {command.name}"
    subverbs = getattr(command, "commands", {})
    if subverbs:
        yield f"### {name}\n\n{command.help}\n"
        for subverb in subverbs.values():
            yield from verb_text(subverb, name)
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join([name, *(argument_name(p) for p in arguments), "[OPTIONS]"])
    yield f"### {name}\n\n{command.help}\n\n```text\n{usage}\n```\n"
    rows = [(code(argument_name(p)), default_of(p), p.help or "") for p in arguments]
    rows += [
        (option_name(p), default_of(p), p.help or "")
        for p in command.params
        if p.param_type_name == "option" and p.name not in (*SHARED, "help")
    ]
    if rows:
        yield table(("argument or option", "default", "meaning"), rows)


def argument_name(parameter: Any) -> str:
    """Return the argument as a usage line shows it."""
    name = parameter.metavar or parameter.name.upper()
    more = "..." if parameter.nargs == -1 and "..." not in name and " " not in name else ""
    return name + more if parameter.required or name.startswith("[") else f"[{name}{more}]"


def option_name(parameter: Any) -> str:
    """Return the option in all its spellings, with what stands after it."""
    names = ", ".join(code(name) for name in (*sorted(parameter.opts, key=len), *parameter.secondary_opts))
    if parameter.is_flag:
        return names
    after = parameter.metavar or {"path": "PATH"}.get(parameter.type.name, "TEXT")
    return names[:-1] + f" {after}`"


def default_of(parameter: Any) -> str:
    """Return what holds where nothing is typed; nothing where the meaning says it or there is no such thing."""
    if parameter.required:
        return "needed"
    if isinstance(parameter.show_default, str):
        return words(parameter.show_default)
    if parameter.default in (None, False, "", ()) or callable(parameter.default):
        return ""
    if parameter.secondary_opts:
        return code(parameter.opts[0] if parameter.default else parameter.secondary_opts[0])
    return code(str(parameter.default))


def words(text: str) -> str:
    """Return a default that is told in words; a single one is what would be typed."""
    return text if " " in text else code(text)
