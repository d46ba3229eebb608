"""The verbs that keep runs going and in order. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from assay.cli.typed import RUNS, Json, Run, RunOption, Runs, shell_of


def finish(
    context: typer.Context,
    name: Run = None,
    run_name: RunOption = None,
    after: Annotated[str | None, typer.Option("--in", metavar="TIME", help="After so long, such as 30m.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help="At a local HH:MM or a UTC 2026-02-18T22:00:00Z.")
    ] = None,
    run_hours: Annotated[
        str | None, typer.Option("--run-hours", metavar="HOURS", help="When it has run for so long, --last included.")
    ] = None,
    last: Annotated[str | None, typer.Option("--last", metavar="TIME", help="How long the finish-up may take.")] = None,
    final_rounds: Annotated[
        int,
        typer.Option(
            "--final-rounds", metavar="N", min=0, help="Rounds of training still made, where there are rounds."
        ),
    ] = 1,
    top_k: Annotated[
        int, typer.Option("--top-k", metavar="N", min=3, max=20, help="Places of the final leaderboard.")
    ] = 10,
    note: Annotated[str, typer.Option("--note", help="What to remember about it.")] = "",
    report_now: Annotated[
        bool, typer.Option("--report-now", help="Now, without a last training; the report is written at once.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Say what is planned, and change nothing.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take back what is planned.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Plan when a run ends its search and delivers. Now, in a while, at a time, or after so many hours of running."""
    from assay.cli.commands.finish import When
    from assay.cli.commands.finish import finish as command

    when = When(
        after=after,
        at=at,
        run_hours=run_hours,
        last=last,
        final_rounds=final_rounds,
        top_k=top_k,
        note=note,
        report_now=report_now,
    )
    return command(shell_of(context), runs, name or run_name, when, show=show, cancel=cancel)


def skip(
    context: typer.Context,
    trial: Annotated[
        str | None, typer.Argument(metavar="[TRIAL]", help="Number of a trial; all that are under way when left out.")
    ] = None,
    run_name: RunOption = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """End what a run executes now; it goes on with the next. For what is not worth its time."""
    from assay.cli.commands.steer import skip as command

    return command(shell_of(context), runs, run_name, trial)


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
    service.command(name="install")(install)
    service.command(name="remove")(remove)
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
