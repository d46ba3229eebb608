"""The verbs that take something out of a run, or look at it from outside. Each only calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.typed import (
    RUNS,
    Cost,
    Display,
    Json,
    Mlflow,
    RequireGain,
    Run,
    RunOption,
    Runs,
    Time,
    Tokens,
    Trials,
    Until,
    Workers,
    shell_of,
)

Python = Annotated[Path | None, typer.Option("--python", help="Interpreter or environment of the code.")]
SandboxFlag = Annotated[str, typer.Option("--sandbox", help="auto, strict, landlock, uid, external or off.")]


def export(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN] [TRIAL]", help="Name or prefix; number of a trial, or best. Latest and best."),
    ] = None,
    run_name: RunOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR|.zip", help="Where to; solution by default.")
    ] = None,
    script: Annotated[bool, typer.Option("--script", help="Only the code and requirements.txt.")] = False,
    notebook: Annotated[bool, typer.Option("--notebook", help="Only a notebook and requirements.txt.")] = False,
    kaggle: Annotated[bool, typer.Option("--kaggle", help="A notebook and metadata for a code competition.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    mlflow: Mlflow = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Write a solution that runs without Assay; with --mlflow, the whole run to an experiment store."""
    from assay.cli.commands.solution import export as command

    forms = tuple(name for name, on in (("script", script), ("notebook", notebook), ("kaggle", kaggle)) if on)
    return command(
        shell_of(context), runs, tuple(words or ()), run_name, out=out, forms=forms, force=force, mlflow=mlflow
    )


def verify(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder or .zip of a solution.")] = Path("solution"),
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with the data files; data/ of the solution by default.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept-new-data", help="Train on other data than the run's, and say so.")
    ] = False,
    python: Python = None,
    sandbox: SandboxFlag = "auto",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of verify.json and verify.md; beside the solution.")
    ] = None,
    ci: Annotated[
        str | None, typer.Option("--ci", metavar="github", help="Also verify.xml, a step summary and annotations.")
    ] = None,
    json: Json = False,
) -> int:
    """Train a solution again in the sandbox, score it again, and say what holds; exit 4 if something does not."""
    from assay.cli.commands.verify import verify as command

    return command(
        shell_of(context), path, data, accept_new_data=accept, python=python, sandbox=sandbox, out=out, ci=ci
    )


def audit(context: typer.Context, name: Run = None, runs: Runs = RUNS, json: Json = False) -> int:
    """Say what a run did and whether its journal and files are what was written; exit 4 if they are not."""
    from assay.cli.commands.audit import audit as command

    return command(shell_of(context), runs, name)


def replay(
    context: typer.Context,
    name: Run = None,
    execute: Annotated[
        bool, typer.Option("--execute", help="Run the candidates again, in the place of the recorded executions.")
    ] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Walk a search again from what was recorded: no model, no cost; exit 4 if a decision comes out otherwise."""
    from assay.cli.commands.audit import replay as command

    return command(shell_of(context), runs, name, execute=execute)


def rerun(
    context: typer.Context,
    name: Run = None,
    seed: Annotated[str, typer.Option("--seed", help="Seed of every random choice of the new run.")] = "1",
    time: Time = None,
    until: Until = None,
    cost: Cost = None,
    tokens: Tokens = None,
    trials: Trials = None,
    workers: Workers = None,
    require_gain: RequireGain = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of the data, where it is another one on this machine.")
    ] = None,
    new_name: Annotated[str | None, typer.Option("--name", help="Name of the new run.")] = None,
    runs: Runs = RUNS,
    display: Display = None,
    json: Json = False,
) -> int:
    """Start an independent run with the task and the options of an old one and another seed."""
    from assay.cli.commands.rerun import rerun as command
    from assay.cli.flags import LimitFlags

    flags = LimitFlags(time=time, until=until, cost=cost, tokens=tokens, trials=trials, workers=workers)
    return command(
        shell_of(context),
        runs,
        name,
        flags,
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
    """Show runs side by side, and what each winner gains over the one before it on the folds that they share."""
    from assay.cli.commands.rerun import compare as command

    return command(shell_of(context), runs, names)
