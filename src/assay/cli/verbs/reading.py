"""The verbs that look at runs. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from assay.cli.options.typed import RUNS, Json, Run, RunOption, Runs, shell_of


def status(
    context: typer.Context,
    name: Run = None,
    oneline: Annotated[bool, typer.Option("--oneline", help="One line, for prompts and mails.")] = False,
    watch: Annotated[float | None, typer.Option("--watch", metavar="SECONDS", min=1, help="Again and again.")] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Say how a run is doing: working, quiet, stalled, dead or done."""
    from assay.cli.commands.watch import status as command

    return command(shell_of(context), runs, name, oneline=oneline, watch_s=watch)


def watch(context: typer.Context, name: Run = None, runs: Runs = RUNS, json: Json = False) -> int:
    """Show a run on the whole screen, live. Where there is none, a dated line per event."""
    from assay.cli.commands.full_screen import watch as command

    return command(shell_of(context), runs, name)


def ls(context: typer.Context, runs: Runs = RUNS, json: Json = False) -> int:
    """List the runs."""
    from assay.cli.commands.watch import ls as command

    return command(shell_of(context), runs)


def top(
    context: typer.Context,
    name: Run = None,
    k: Annotated[int, typer.Option("-k", "--top", metavar="N", help="How many places.")] = 10,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show the best trials."""
    from assay.cli.commands.read import top as command

    return command(shell_of(context), runs, name, k=k)


def show(
    context: typer.Context,
    trial: Annotated[str, typer.Argument(help="Number of the trial, or best.")],
    run_name: RunOption = None,
    content: Annotated[bool, typer.Option("--content", help="Plan and code too, as the model wrote them.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show one trial: scores, verdict, repairs and executions."""
    from assay.cli.commands.read import show as command

    return command(shell_of(context), runs, run_name, trial, content=content)


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="[SQL]", help="One select; the tables when left out.")] = "",
    run_name: RunOption = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="Most rows.")] = 200,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Ask a run's tables with SQL. Read only; trials, executions, questions."""
    from assay.cli.commands.query import query as command

    return command(shell_of(context), runs, run_name, sql, most=most)


def diff(
    context: typer.Context,
    new: Annotated[str, typer.Argument(metavar="N", help="Number of a trial, or best.")],
    old: Annotated[str | None, typer.Argument(metavar="[M]", help="Compared with; the parent by default.")] = None,
    run_name: RunOption = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show what changed in the code between two trials."""
    from assay.cli.commands.read import diff as command

    return command(shell_of(context), runs, run_name, new, old)


def apply(
    context: typer.Context,
    trial: Annotated[str, typer.Argument(metavar="N", help="Number of a trial, or best.")] = "best",
    run_name: RunOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Write the open cells of a run's notebook into yours. They are shown first."""
    from assay.cli.commands.apply import apply as command

    return command(shell_of(context), runs, run_name, trial, yes=yes)


def logs(
    context: typer.Context,
    name: Run = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    trial: Annotated[
        str | None, typer.Option("--trial", metavar="N", help="What this trial's processes printed.")
    ] = None,
    llm: Annotated[bool, typer.Option("--llm", help="Files that hold each call to a language model.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show what happened, a dated line per event."""
    from assay.cli.commands.logs import logs as command

    return command(shell_of(context), runs, name, follow=follow, trial=trial, llm=llm)


def report(
    context: typer.Context,
    name: Run = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open report.html in the browser.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Write the report of a run anew from its journal."""
    from assay.cli.commands.reports import report as command

    return command(shell_of(context), runs, name, open_it=open_it)


def cost(context: typer.Context, name: Run = None, runs: Runs = RUNS, json: Json = False) -> int:
    """Show what a run's answers took, by role and by model. Money, tokens, requests and repeats."""
    from assay.cli.commands.cost import cost as command

    return command(shell_of(context), runs, name)


def ui(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN|FOLDER]", help="A run that is shown first, or a folder of runs.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port of this machine; 7788 or the next free one by default.")
    ] = None,
    ssh: Annotated[
        bool, typer.Option("--ssh", help="Print the line that brings it to your own machine; open nothing here.")
    ] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show runs in a browser, live, served by this machine alone."""
    from assay.cli.commands.ui import ui as command

    return command(shell_of(context), runs, name, port=port, ssh=ssh, open_it=not no_open)
