"""The verbs below `tasks`. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.help import Verb
from assay.cli.options.records import LimitFlags, RunFlags, TasksFlags
from assay.cli.options.spread import Picked, spread
from assay.cli.options.typed import (
    RUNS,
    Json,
    Run,
    Runs,
    shell_of,
)


def build_tasks() -> typer.Typer:
    """Return the verbs below `tasks`."""
    tasks = typer.Typer(help="Run what agents wrote, and believe only evidence.", rich_markup_mode=None)
    tasks.command(name="run", cls=Verb)(run)
    tasks.command(name="status", cls=Verb)(status)
    tasks.command(name="approve", cls=Verb)(approve)
    return tasks


@spread
def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="pending_actions.json, or the same in YAML.")],
    *,
    wishes: TasksFlags,
    flags: Annotated[RunFlags, Picked("model", "base_url", "sandbox", "seed")],
    workers: Annotated[
        str | None, typer.Option("--workers", metavar="N", help="Tasks at a time.", show_default="1")
    ] = None,
    limits: Annotated[LimitFlags, Picked("time", "cost", "tokens")],
    python: Annotated[Path | None, typer.Option("--python", help="Interpreter or environment for the code.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the run.", show_default="that of the queue")
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Work through a queue of tasks. The same again goes on where it was left."""
    from assay.cli.commands.tasks import run as command

    return command(
        shell_of(context),
        runs,
        file,
        wishes,
        replace(limits, workers=workers or "1"),
        replace(flags, name=name, python=python),
    )


def status(context: typer.Context, name: Run = None, runs: Runs = RUNS, json: Json = False) -> int:
    """Show the state of every task of a run."""
    from assay.cli.commands.tasks import status as command

    return command(shell_of(context), runs, name)


def approve(
    context: typer.Context,
    name: Run = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Who approves.", show_default="the user of this machine")
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Approve the results that wait at the checkpoint. The next cycle is triggered by that."""
    from assay.cli.commands.tasks import approve as command

    return command(shell_of(context), runs, name, by)
