"""The verbs that take in work and start it. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options.records import IdeaFlags, LimitFlags, RunFlags, RunLimitFlags, TaskFlags
from assay.cli.options.spread import Picked, spread
from assay.cli.options.typed import (
    RUNS,
    ConfigFile,
    Detach,
    Display,
    IdeasFile,
    Json,
    Mlflow,
    NoMlflow,
    Notify,
    Only,
    RequireGain,
    Rounds,
    Runs,
    SourceFlag,
    StrategyFlag,
    TaskPath,
    WorkPath,
    shell_of,
)


@spread
def demo(
    context: typer.Context,
    *,
    limits: Annotated[LimitFlags, Picked("time", "workers")],
    flags: Annotated[RunFlags, Picked("seed", "sandbox", "display")],
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show it all on data that ships with Assay, in about a minute. No key, no network."""
    from assay.cli.commands.demo import demo as command

    return command(shell_of(context), runs, limits, flags)


@spread
def init(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder with train.csv and its like, a file, or a notebook.")] = Path(),
    *,
    task: Annotated[TaskFlags, Picked("about", "target", "metric", "id_column", "split", "positive")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for task.toml.", show_default="that of the data")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a task.toml that is already there.")] = False,
    json: Json = False,
) -> int:
    """Inspect data and write task.toml. Each line is marked with where it comes from."""
    from assay.cli.commands.intake import init as command

    return command(shell_of(context), path, task, out=out, force=force)


@spread
def check(
    context: typer.Context,
    path: WorkPath = Path(),
    *,
    task: Annotated[TaskFlags, Picked("target", "metric", "id_column", "split", "positive")],
    flags: Annotated[RunFlags, Picked("model", "base_url")],
    strategy: StrategyFlag = "tree",
    limits: Annotated[LimitFlags, Picked("time", "cost", "tokens", "trials", "workers")],
    json: Json = False,
) -> int:
    """Say what is wrong with the data, before anything is spent.

    With --model, and only then, also what a run would likely cost: by its strategy and within its limits.
    """
    from assay.cli.commands.check import check as command
    from assay.cli.options.notebook_flags import data_of

    data, notebook = data_of(path)
    own = Path(notebook) if notebook is not None else None
    return command(shell_of(context), data, task, limits, flags, strategy=strategy, notebook=own)


@spread
def run(
    context: typer.Context,
    path: WorkPath = Path(),
    *,
    task: TaskFlags,
    limits: RunLimitFlags,
    require_gain: RequireGain = False,
    strategy: StrategyFlag = "tree",
    only: Only = None,
    source: SourceFlag = None,
    ideas: IdeasFile = None,
    rounds: Rounds = None,
    flags: RunFlags,
    runs: Runs = RUNS,
    detach: Detach = False,
    config: ConfigFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and leave.")] = False,
    json: Json = False,
) -> int:
    """Work on data, or on a notebook, until a limit is reached."""
    from assay.cli.commands.start import run as command
    from assay.cli.options.notebook_flags import data_of, with_notebook_flags

    path, source = data_of(path, source)
    strategy, settings = with_notebook_flags(
        strategy, flags.settings, only=only, source=source, ideas=ideas, rounds=rounds
    )
    return command(
        shell_of(context),
        path,
        runs,
        strategy=strategy,
        task_flags=task,
        limit_flags=limits,
        run_flags=replace(flags, settings=settings),
        require_gain=require_gain,
        dry_run=dry_run,
        detach=detach,
        config=config,
        # Options of notebooks choose their strategy, too.
        strategy_typed=strategy != "tree" or str(context.get_parameter_source("strategy")) != "ParameterSource.DEFAULT",
    )


@spread
def resume(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="Name or unique prefix; the latest unfinished when left out.")
    ] = None,
    *,
    limits: LimitFlags,
    require_gain: RequireGain = False,
    runs: Runs = RUNS,
    display: Display = None,
    mlflow: Mlflow = None,
    no_mlflow: NoMlflow = False,
    notify: Notify = None,
    detach: Detach = False,
    json: Json = False,
) -> int:
    """Take up a run where it was left. Limits that are given replace its own."""
    from assay.cli.commands.resume import resume as command

    return command(
        shell_of(context),
        runs,
        name,
        limits,
        display=display,
        require_gain=require_gain,
        detach=detach,
        mlflow=mlflow,
        no_mlflow=no_mlflow,
        notify=notify,
    )


@spread
def ideas(
    context: typer.Context,
    path: TaskPath = Path(),
    *,
    wishes: IdeaFlags,
    task: Annotated[TaskFlags, Picked("about", "target", "metric", "id_column", "split", "positive")],
    limits: Annotated[LimitFlags, Picked("time", "cost", "tokens", "trial_timeout", "workers")],
    flags: Annotated[RunFlags, Picked("model", "base_url", "sandbox")],
    offline: Annotated[bool, typer.Option("--offline", help="Refuse whatever is not on this machine.")] = False,
    python: Annotated[
        Path | None, typer.Option("--python", help="Interpreter or environment of the notebooks.")
    ] = None,
    json: Json = False,
) -> int:
    """Look into data with notebooks and write ideas to try. What they state is checked on rows held back."""
    from assay.cli.commands.ideas import ideas as command

    flags = replace(flags, offline=offline, python=python)
    return command(shell_of(context), path, wishes, task, limits, flags)


def papers(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A few words.")],
    limit: Annotated[str, typer.Option("--limit", metavar="N", help="Most papers, 1 to 50.")] = "8",
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: cache and pack only.")] = False,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="INDEX", help="semantic_scholar, openalex, pubmed or arxiv; may be given again."
        ),
    ] = None,
    cache: Annotated[Path | None, typer.Option("--cache", help="Folder of earlier answers.")] = None,
    json: Json = False,
) -> int:
    """Look papers up in four public indexes. A cache comes first; without a network, a pack answers."""
    from assay.cli.commands.papers import papers as command

    return command(shell_of(context), query, limit=limit, offline=offline, sources=tuple(source or ()), cache=cache)
