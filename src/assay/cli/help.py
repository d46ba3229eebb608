"""Help: verbs under titles, for a list of thirty is not read, and defaults as they would be typed."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

_OTHER = "Commands"
_TOLD = re.compile(r"\bdefault:(\s+)\(([^()]*)\)")
"""A default that is told in words, which typer puts in brackets."""


def by_title(group: Any) -> dict[str, list[Any]]:
    """Return the commands that `group` shows, in order, under the titles that they were added with."""
    titles: dict[str, list[Any]] = {}
    for command in group.commands.values():
        if not command.hidden:
            titles.setdefault(command.rich_help_panel or _OTHER, []).append(command)
    return titles


class Grouped(TyperGroup):
    """A group of verbs whose help lists each under the `rich_help_panel` that it was added with."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each title."""
        titles = by_title(self)
        widest = max(len(command.name) for commands in titles.values() for command in commands)
        for title, commands in titles.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (command.name.ljust(widest), command.get_short_help_str(formatter.width - 6 - widest))
                        for command in commands
                    ]
                )


class Verb(TyperCommand):
    """A verb whose help tells defaults without brackets around them: `[default: 2]`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        super().format_help(ctx, formatter)
        formatter.buffer[:] = [_TOLD.sub(r"default:\1\2", "".join(formatter.buffer))]
