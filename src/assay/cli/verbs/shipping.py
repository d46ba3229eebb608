"""The verbs that take something out of a run, or look at it from outside. Each only calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options.records import LimitFlags
from assay.cli.options.spread import Picked, spread
from assay.cli.options.typed import (
    RUNS,
    Display,
    Json,
    Mlflow,
    RequireGain,
    Run,
    RunOption,
    Runs,
    shell_of,
)

Python = Annotated[Path | None, typer.Option("--python", help="Interpreter or environment of the code.")]
SandboxFlag = Annotated[
    str, typer.Option("--sandbox", metavar="TIER", help="auto, strict, landlock, uid, external or off.")
]


def export(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN] [TRIAL]", help="Name or prefix; number of a trial, or best. Latest and best."),
    ] = None,
    run_name: RunOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR|.zip", help="Where to.", show_default="solution")
    ] = None,
    script: Annotated[bool, typer.Option("--script", help="Only the code and requirements.txt.")] = False,
    notebook: Annotated[bool, typer.Option("--notebook", help="Only a notebook and requirements.txt.")] = False,
    kaggle: Annotated[bool, typer.Option("--kaggle", help="A notebook and metadata for a code competition.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    mlflow: Mlflow = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Write a solution that runs without Assay. With --mlflow, write the whole run to an experiment store."""
    from assay.cli.commands.solution import export as command

    forms = tuple(name for name, on in (("script", script), ("notebook", notebook), ("kaggle", kaggle)) if on)
    return command(
        shell_of(context), runs, tuple(words or ()), run_name, out=out, forms=forms, force=force, mlflow=mlflow
    )


def bundle(
    context: typer.Context,
    name: Run = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER|FILE", help="Where to; RUN.html by default.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Without what takes seconds: a look at data and errors.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that is there.")] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Write the dashboard of a run as one file, or as a folder. It opens with no server and no network."""
    from assay.cli.commands.bundle import bundle as command

    return command(shell_of(context), runs, name, out=out, force=force, quick=quick)


def verify(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder or .zip of a solution.")] = Path("solution"),
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with the data files.", show_default="data/ of it")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept-new-data", help="Train on other data than the run's, and say so.")
    ] = False,
    python: Python = None,
    sandbox: SandboxFlag = "auto",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of verify.json and verify.md.", show_default="beside it")
    ] = None,
    ci: Annotated[
        str | None, typer.Option("--ci", metavar="github", help="Also verify.xml, a step summary and annotations.")
    ] = None,
    json: Json = False,
) -> int:
    """Train and score a solution again, and say what holds. It runs in the sandbox; exit 4 if something does not."""
    from assay.cli.commands.verify import verify as command

    return command(
        shell_of(context), path, data, accept_new_data=accept, python=python, sandbox=sandbox, out=out, ci=ci
    )


def audit(context: typer.Context, name: Run = None, runs: Runs = RUNS, json: Json = False) -> int:
    """Say what a run did, and whether its files are as written. Exit 4 if they, or its journal, are not."""
    from assay.cli.commands.audit import audit as command

    return command(shell_of(context), runs, name)


def replay(
    context: typer.Context,
    name: Run = None,
    execute: Annotated[
        bool, typer.Option("--execute", help="Run the candidates again, in the place of the recorded executions.")
    ] = False,
    journal: Annotated[
        bool, typer.Option("--journal", help="Take the grades from the journal, as where the data are not here.")
    ] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Walk a search again from its record: no model, no cost. Exit 4 if a decision comes out otherwise."""
    from assay.cli.commands.replay import replay as command

    return command(shell_of(context), runs, name, execute=execute, journal=journal)


@spread
def rerun(
    context: typer.Context,
    name: Run = None,
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Seed of every random choice of the new run.")] = "1",
    *,
    limits: Annotated[LimitFlags, Picked("time", "until", "cost", "tokens", "trials", "workers")],
    require_gain: RequireGain = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of the data, where it is another one on this machine.")
    ] = None,
    new_name: Annotated[
        str | None, typer.Option("--name", help="Name of the new run.", show_default="two words")
    ] = None,
    runs: Runs = RUNS,
    display: Display = None,
    json: Json = False,
) -> int:
    """Start a run like an old one with another seed. Task and options are the same; nothing else is taken over."""
    from assay.cli.commands.rerun import rerun as command

    return command(
        shell_of(context),
        runs,
        name,
        limits,
        seed=seed,
        data=data,
        new_name=new_name,
        display=display,
        require_gain=require_gain,
    )


def compare(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two to five runs, by name or prefix.")],
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show runs side by side. Each winner's gain over the one before it is on the folds that they share."""
    from assay.cli.commands.rerun import compare as command

    return command(shell_of(context), runs, names)
