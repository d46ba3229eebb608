"""The verbs that steer a running search. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from assay.cli.options.records import RunFlags
from assay.cli.options.spread import Picked, spread
from assay.cli.options.typed import RUNS, Json, Run, RunOption, Runs, shell_of


@spread
def tell(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What the run should heed.")] = "",
    *,
    wishes: Annotated[RunFlags, Picked("hints", "blocks")],
    run_name: RunOption = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Say something to a running search. Every later question shows it, and code is refined first."""
    from assay.cli.commands.steer import tell as command

    return command(shell_of(context), runs, run_name, text, hints=wishes.hints, blocks=wishes.blocks)


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


def pause(
    context: typer.Context, name: Run = None, run_name: RunOption = None, runs: Runs = RUNS, json: Json = False
) -> int:
    """Have a running search start nothing new. What runs ends; limits of time go on."""
    from assay.cli.commands.pause import pause as command

    return command(shell_of(context), runs, name or run_name, on=True)


def continue_(
    context: typer.Context, name: Run = None, run_name: RunOption = None, runs: Runs = RUNS, json: Json = False
) -> int:
    """Let a paused search go on."""
    from assay.cli.commands.pause import pause as command

    return command(shell_of(context), runs, name or run_name, on=False)


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


def stop(
    context: typer.Context,
    name: Run = None,
    run_name: RunOption = None,
    now: Annotated[bool, typer.Option("--now", help="Save and end at once; resume continues.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """End a running search. It blends, opens the sealed holdout, fits and reports; --now leaves that for later."""
    from assay.cli.commands.steer import stop as command

    return command(shell_of(context), runs, name or run_name, now=now)
