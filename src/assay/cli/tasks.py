"""The verbs below `tasks`. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.grouped import Verb
from assay.cli.records import LimitFlags, RunFlags
from assay.cli.spread import Picked, spread
from assay.cli.typed import (
    RUNS,
    Json,
    NoMlflow,
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
    responses: Annotated[
        Path | None, typer.Option("--responses", help="What agents wrote: a file or a folder of Markdown.")
    ] = None,
    *,
    flags: Annotated[RunFlags, Picked("model", "base_url", "sandbox", "seed")],
    no_checkpoint: Annotated[
        bool, typer.Option("--no-checkpoint", help="Trigger the next cycle without a person's approval.")
    ] = False,
    retries: Annotated[
        int, typer.Option("--retries", metavar="N", min=0, max=2, help="Most changes of code at each point.")
    ] = 2,
    task_timeout: Annotated[
        str | None,
        typer.Option("--task-timeout", metavar="TIME", help="Most time of one attempt.", show_default="10m"),
    ] = None,
    mlflow: Annotated[
        str | None, typer.Option("--mlflow", metavar="[URI]", help="Experiment store: local, an address, or off.")
    ] = None,
    no_mlflow: NoMlflow = False,
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="ID[,ID]", help="Do these again in a new run; take the others as the last run left them."
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="PACKAGE", help="Install this where a reply asks for it; several times."),
    ] = None,
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
    from assay.cli.commands.tasks import TasksFlags
    from assay.cli.commands.tasks import run as command

    wishes = TasksFlags(
        file=file,
        responses=responses,
        checkpoint=not no_checkpoint,
        retries=retries,
        timeout=task_timeout,
        mlflow=mlflow,
        no_mlflow=no_mlflow,
        only=only,
        allow=tuple(allow or ()),
    )
    return command(
        shell_of(context),
        runs,
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
