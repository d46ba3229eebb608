"""The verbs and their options. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.grouped import Grouped
from assay.cli.keeping import build_service, finish, gc, skip
from assay.cli.reading import apply, cost, diff, logs, ls, report, show, status, top, ui
from assay.cli.shipping import audit, bundle, compare, export, replay, rerun, verify
from assay.cli.tasks import build_tasks
from assay.cli.typed import (
    RUNS,
    About,
    BaseUrl,
    Cost,
    Detach,
    Display,
    FinishUp,
    Goal,
    IdColumn,
    IdeasFile,
    Json,
    MetricFlag,
    Mlflow,
    ModelFlag,
    NoMlflow,
    Notify,
    Only,
    Positive,
    RequireGain,
    RowCap,
    Run,
    RunOption,
    Runs,
    Sandbox,
    Seed,
    SourceFlag,
    SplitFlag,
    StrategyFlag,
    Target,
    Time,
    TimeOfRun,
    Tokens,
    Trials,
    TrialTimeout,
    TryNotify,
    Until,
    Workers,
    shell_of,
)


def build_app() -> typer.Typer:
    """Return the command line, ready to be called."""
    app = typer.Typer(
        name="assay",
        cls=Grouped,
        help="Autonomous ML engineering that counts only what it has tested itself.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback(invoke_without_command=True)(_root)
    groups: dict[str, tuple[Callable[..., int], ...]] = {
        "Start": (demo, init, check, ideas, papers, run, resume),
        "Watch": (status, logs, ui),
        "Steer": (tell, skip, finish, stop),
        "Read": (ls, top, show, diff, compare, cost, report),
        "Trust": (verify, audit, replay, rerun),
        "Take out": (export, bundle, apply),
        "Machine": (doctor, explain, schema, gc),
    }
    for title, verbs in groups.items():
        for verb in verbs:
            app.command(name=verb.__name__, rich_help_panel=title)(verb)
    app.add_typer(build_tasks(), name="tasks", rich_help_panel="Start")
    app.add_typer(build_service(), name="service", rich_help_panel="Machine")
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is and leave.")] = False,
) -> None:
    if version:
        from assay import __version__

        shell_of(context).output.answer("version", {"version": __version__}, f"assay {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        shell_of(context).output.say(context.get_help())
        raise typer.Exit


def demo(
    context: typer.Context,
    time: Time = None,
    seed: Seed = None,
    sandbox: Sandbox = None,
    workers: Workers = None,
    display: Display = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Show it all on data that ships with Assay, in about a minute. No key, no network."""
    from assay.cli.commands.demo import demo as command
    from assay.cli.flags import LimitFlags, RunFlags

    return command(
        shell_of(context),
        runs,
        LimitFlags(time=time, workers=workers),
        RunFlags(seed=seed, sandbox=sandbox, display=display),
    )


def init(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder with train.csv and its like, a file, or a notebook.")] = Path(),
    about: About = None,
    target: Target = None,
    metric: MetricFlag = None,
    id_column: IdColumn = None,
    split: SplitFlag = None,
    positive: Positive = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for task.toml.", show_default="that of the data")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a task.toml that is already there.")] = False,
    json: Json = False,
) -> int:
    """Inspect data and write task.toml. Each line is marked with where it comes from."""
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.commands.intake import init as command

    flags = TaskFlags(about=about, target=target, metric=metric, id_column=id_column, split=split, positive=positive)
    return command(shell_of(context), path, flags, out=out, force=force)


def check(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder, data file or task.toml.")] = Path(),
    target: Target = None,
    metric: MetricFlag = None,
    id_column: IdColumn = None,
    split: SplitFlag = None,
    positive: Positive = None,
    model: ModelFlag = None,
    base_url: BaseUrl = None,
    strategy: StrategyFlag = "tree",
    time: Time = None,
    cost: Cost = None,
    tokens: Tokens = None,
    trials: Trials = None,
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Say what is wrong with the data, before anything is spent. With a model, also what a run would likely cost."""
    from assay.cli.commands.check import check as command
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.flags import LimitFlags, RunFlags

    return command(
        shell_of(context),
        path,
        TaskFlags(target=target, metric=metric, id_column=id_column, split=split, positive=positive),
        LimitFlags(time=time, cost=cost, tokens=tokens, trials=trials, workers=workers),
        RunFlags(model=model, base_url=base_url),
        strategy=strategy,
    )


def run(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder, data file or task.toml.")] = Path(),
    about: About = None,
    target: Target = None,
    metric: MetricFlag = None,
    id_column: IdColumn = None,
    split: SplitFlag = None,
    positive: Positive = None,
    row_cap: RowCap = None,
    time: TimeOfRun = None,
    until: Until = None,
    finish_up: FinishUp = None,
    cost: Cost = None,
    tokens: Tokens = None,
    trials: Trials = None,
    trial_timeout: TrialTimeout = None,
    goal: Goal = None,
    require_gain: RequireGain = False,
    workers: Workers = None,
    model: ModelFlag = None,
    role_models: Annotated[
        list[str] | None,
        typer.Option("--role-model", metavar="ROLE=MODEL", help="A model of its own for a role; again for more."),
    ] = None,
    base_url: BaseUrl = None,
    offline: Annotated[bool, typer.Option("--offline", help="Refuse any model that is not on this machine.")] = False,
    prompt_file: Annotated[
        Path | None, typer.Option("--prompt-file", help="Text that every question will show.")
    ] = None,
    fix_rounds: Annotated[
        str | None,
        typer.Option(
            "--fix-rounds", metavar="N", help="Most repairs of a failing trial; 0 for none.", show_default="2"
        ),
    ] = None,
    no_gate: Annotated[bool, typer.Option("--no-gate", help="Do not check the winner at the end.")] = False,
    no_warm: Annotated[bool, typer.Option("--no-warm", help="Start no sandbox before it is needed.")] = False,
    strategy: StrategyFlag = "tree",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the strategy; may be given again."),
    ] = None,
    variants: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="ROLE=NAME", help="A variant of a role's prompt; may be given again."),
    ] = None,
    only: Only = None,
    source: SourceFlag = None,
    ideas: IdeasFile = None,
    hints: Annotated[
        list[str] | None,
        typer.Option("--model-hint", metavar="TEXT", help="A model or an idea to try; may be given again."),
    ] = None,
    blocks: Annotated[
        list[str] | None,
        typer.Option("--block", metavar="TEXT|@FILE", help="Code to refine first; may be given again."),
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            "--compare", metavar="PATH", help="Published solution to compare the winner with; again for more."
        ),
    ] = None,
    sandbox: Sandbox = None,
    executor: Annotated[
        str | None,
        typer.Option(
            "--executor",
            metavar="WHERE",
            help="local, or a Ray cluster: ray, ray:auto or ray:HOST:PORT.",
            show_default="local",
        ),
    ] = None,
    python: Annotated[Path | None, typer.Option("--python", help="Interpreter or environment for candidates.")] = None,
    seed: Seed = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the run.", show_default="two words")] = None,
    runs: Runs = RUNS,
    display: Display = None,
    mlflow: Mlflow = None,
    no_mlflow: NoMlflow = False,
    notify: Notify = None,
    detach: Detach = False,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A config file of CellScientist, as it is.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and leave.")] = False,
    json: Json = False,
) -> int:
    """Work on data until a limit is reached. Data are a folder, a single file or a task.toml."""
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.commands.start import run as command
    from assay.cli.flags import LimitFlags, RunFlags
    from assay.cli.notebook_flags import with_notebook_flags

    strategy, given = with_notebook_flags(strategy, settings or (), only=only, source=source, ideas=ideas)
    return command(
        shell_of(context),
        path,
        runs,
        strategy=strategy,
        task_flags=TaskFlags(about=about, target=target, id_column=id_column, split=split, positive=positive),
        limit_flags=LimitFlags(
            time=time,
            until=until,
            cost=cost,
            tokens=tokens,
            trials=trials,
            trial_timeout=trial_timeout,
            workers=workers,
            goal=goal,
        ),
        run_flags=RunFlags(
            metric=metric,
            row_cap=row_cap,
            seed=seed,
            name=name,
            sandbox=sandbox,
            executor=executor,
            display=display,
            python=python,
            prompt_file=prompt_file,
            fix_rounds=fix_rounds,
            no_gate=no_gate,
            no_warm=no_warm,
            model=model,
            role_models=tuple(role_models or ()),
            base_url=base_url,
            offline=offline,
            finish_up=finish_up,
            settings=given,
            variants=tuple(variants or ()),
            hints=tuple(hints or ()),
            blocks=tuple(blocks or ()),
            compare=tuple(compare or ()),
            mlflow=mlflow,
            no_mlflow=no_mlflow,
            notify=notify,
        ),
        require_gain=require_gain,
        dry_run=dry_run,
        detach=detach,
        config=config,
        # Options of notebooks choose their strategy, too.
        strategy_typed=strategy != "tree" or str(context.get_parameter_source("strategy")) != "ParameterSource.DEFAULT",
    )


def resume(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="Name or unique prefix; the latest unfinished when left out.")
    ] = None,
    time: Time = None,
    until: Until = None,
    cost: Cost = None,
    tokens: Tokens = None,
    trials: Trials = None,
    trial_timeout: TrialTimeout = None,
    workers: Workers = None,
    goal: Goal = None,
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
    from assay.cli.commands.start import resume as command
    from assay.cli.flags import LimitFlags

    flags = LimitFlags(
        time=time,
        until=until,
        cost=cost,
        tokens=tokens,
        trials=trials,
        trial_timeout=trial_timeout,
        workers=workers,
        goal=goal,
    )
    return command(
        shell_of(context),
        runs,
        name,
        flags,
        display=display,
        require_gain=require_gain,
        detach=detach,
        mlflow=mlflow,
        no_mlflow=no_mlflow,
        notify=notify,
    )


def tell(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What the run should heed.")] = "",
    hints: Annotated[
        list[str] | None,
        typer.Option("--model-hint", metavar="TEXT", help="A model or an idea to try; may be given again."),
    ] = None,
    blocks: Annotated[
        list[str] | None,
        typer.Option("--block", metavar="TEXT|@FILE", help="Code to refine first; may be given again."),
    ] = None,
    run_name: RunOption = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> int:
    """Say something to a running search. Every later question shows it, and code is refined first."""
    from assay.cli.commands.steer import tell as command

    return command(shell_of(context), runs, run_name, text, hints=tuple(hints or ()), blocks=tuple(blocks or ()))


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


def ideas(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder, data file or task.toml.")] = Path(),
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the results.", show_default="ideas")] = None,
    count: Annotated[str | None, typer.Option("--count", metavar="N", help="Most notebooks.", show_default="4")] = None,
    seed: Annotated[
        list[str] | None,
        typer.Option("--seed", metavar="N", help="Seed of a notebook; may be given again, one a notebook."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", help="What a notebook looks at; may be given again.")
    ] = None,
    wanted: Annotated[
        str | None, typer.Option("--ideas", metavar="N", help="How many ideas are asked for.", show_default="6")
    ] = None,
    least: Annotated[
        str | None,
        typer.Option("--min-score", metavar="X", help="Least score of an analysis that is exported, 0 to 1."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="PART=X", help="relations, interactions, warnings, baseline or reliability."),
    ] = None,
    papers: Annotated[bool, typer.Option("--papers/--no-papers", help="Whether the literature is looked at.")] = True,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A config file of CellScientist, as it is.")
    ] = None,
    about: About = None,
    target: Target = None,
    metric: MetricFlag = None,
    id_column: IdColumn = None,
    split: SplitFlag = None,
    positive: Positive = None,
    time: Time = None,
    cost: Cost = None,
    tokens: Tokens = None,
    trial_timeout: TrialTimeout = None,
    workers: Workers = None,
    model: ModelFlag = None,
    base_url: BaseUrl = None,
    offline: Annotated[bool, typer.Option("--offline", help="Refuse whatever is not on this machine.")] = False,
    sandbox: Sandbox = None,
    python: Annotated[
        Path | None, typer.Option("--python", help="Interpreter or environment of the notebooks.")
    ] = None,
    json: Json = False,
) -> int:
    """Look into data with notebooks and write ideas to try. What they state is checked on rows held back."""
    from assay.cli.commands.ideas import IdeaFlags
    from assay.cli.commands.ideas import ideas as command
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.flags import LimitFlags, RunFlags

    return command(
        shell_of(context),
        path,
        IdeaFlags(
            out=out,
            count=count,
            seeds=tuple(seed or ()),
            variants=tuple(variant or ()),
            wanted=wanted,
            least=least,
            weights=tuple(weight or ()),
            papers=papers,
            config=config,
        ),
        TaskFlags(about=about, target=target, id_column=id_column, split=split, positive=positive),
        LimitFlags(time=time, cost=cost, tokens=tokens, trial_timeout=trial_timeout, workers=workers),
        RunFlags(metric=metric, sandbox=sandbox, python=python, model=model, base_url=base_url, offline=offline),
    )


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
