"""The verbs about this machine and Assay itself. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from assay.cli.help import Verb
from assay.cli.options.typed import RUNS, Json, Run, Runs, TryNotify, shell_of


def doctor(context: typer.Context, runs: Runs = RUNS, notify: TryNotify = None, json: Json = False) -> int:
    """Say what this machine can do. Sandbox, interpreter, packages, disk, and keys by name only."""
    if notify is not None:
        from assay.cli.notify.trying import try_channel

        return try_channel(shell_of(context), notify)
    from assay.cli.commands.doctor import doctor as command

    return command(shell_of(context), runs)


def explain(
    context: typer.Context,
    topic: Annotated[str | None, typer.Argument(help="A code such as E102, or a topic such as verdict.")] = None,
    json: Json = False,
) -> int:
    """Explain a code or a word; without one, list them."""
    from assay.cli.commands.explain import explain as command

    return command(shell_of(context), topic)


def schema(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="task for task.toml, or events for the journal of a run.")] = "task",
    json: Json = False,
) -> int:
    """Print the JSON Schema of task.toml or of a run's events."""
    from assay.cli.commands.schema import schema as command

    return command(shell_of(context), what)


def gc(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Names or unique prefixes; all when left out.")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="The whole folders of the runs that are named.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove; without it, only show.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show what runs hold that can be made again; remove it with --yes."""
    from assay.cli.commands.gc import gc as command

    return command(shell_of(context), runs, tuple(names or ()), whole=whole, yes=yes)


def build_service() -> typer.Typer:
    """Return the verbs below `service`."""
    service = typer.Typer(help="Have a run go on after every start of the machine.", rich_markup_mode=None)
    service.command(name="install", cls=Verb)(install)
    service.command(name="remove", cls=Verb)(remove)
    return service


def install(context: typer.Context, name: Run = None, runs: Runs = RUNS, json: Json = False) -> int:
    """Write a systemd user unit that takes the run up. Says how to start it."""
    from assay.cli.commands.service import install as command

    return command(shell_of(context), runs, name)


def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of the run.")],
    json: Json = False,
) -> int:
    """Remove the unit of a run; the run stays."""
    from assay.cli.commands.service import remove as command

    return command(shell_of(context), name)
