"""Grouped: help that shows the verbs under titles, for a list of thirty is not read."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_OTHER = "Commands"


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
