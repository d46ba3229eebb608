"""The verbs about handing a result in. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from assay.cli.options.typed import RUNS, Json, Run, Runs, shell_of


def submit(
    context: typer.Context,
    name: Run = None,
    competition: Annotated[
        str | None,
        typer.Option(
            "--competition", "-c", metavar="NAME", help="Name or address of the competition.", show_default="the last"
        ),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="What its page shows.", show_default="run, trial and score")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show the command; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send without asking.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Check submission.csv and send it with your own kaggle program. It asks first."""
    from assay.cli.commands.submit import submit as command

    return command(shell_of(context), runs, name, competition=competition, message=message, dry_run=dry_run, yes=yes)


def note(
    context: typer.Context,
    score: Annotated[str, typer.Option("--lb", metavar="SCORE", help="What the leaderboard says.")],
    name: Run = None,
    trial: Annotated[
        str | None,
        typer.Option(
            "--trial", metavar="N", help="Whose predictions they were, or best.", show_default="that of submission.csv"
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="NAME", help="Who measured it.", show_default="where it was sent last, or leaderboard"
        ),
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Write down a leaderboard's score beside the run's own. Nothing is ranked or chosen by it."""
    from assay.cli.commands.note import note as command

    return command(shell_of(context), runs, name, score=score, trial=trial, where=where)
