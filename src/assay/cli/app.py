"""The verbs and their options. Each function only gathers what was typed and calls its command."""

# Typer reads annotations at run time, so they are not postponed here.
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.shell import Shell

_RUNS = "runs"

Json = Annotated[bool, typer.Option("--json", help="Standard output is JSON only; words go to standard error.")]
Runs = Annotated[Path, typer.Option("--runs", envvar="ASSAY_RUNS", help="Folder of the run folders.")]
Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="Name or unique prefix; the latest when left out.")]
RunOption = Annotated[
    str | None,
    typer.Option(
        "--run", "-r", metavar="RUN", help="Name or unique prefix of a run; the latest, or the only live one."
    ),
]
Display = Annotated[
    str | None, typer.Option("--display", help="auto, live, plain or none. auto: live on a terminal, else plain.")
]
Time = Annotated[str | None, typer.Option("--time", help="Most time, such as 90s, 10m, 1h30m.")]
Until = Annotated[str | None, typer.Option("--until", metavar="HH:MM", help="End at this local time.")]
Cost = Annotated[str | None, typer.Option("--cost", metavar="USD", help="Most money for model calls.")]
Tokens = Annotated[str | None, typer.Option("--tokens", help="Most tokens, such as 500k or 2M.")]
Trials = Annotated[str | None, typer.Option("--trials", help="Most trials, baselines included.")]
TrialTimeout = Annotated[str | None, typer.Option("--trial-timeout", help="Most time of one execution.")]
Workers = Annotated[str | None, typer.Option("--workers", help="Trials at a time; the number of cores by default.")]
Goal = Annotated[str | None, typer.Option("--goal", metavar="SCORE", help="Stop when the search score reaches this.")]
RequireGain = Annotated[
    bool, typer.Option("--require-gain", help="Exit 1 unless the best beats the baseline for real.")
]
About = Annotated[str | None, typer.Option("--about", help="What is to be done: text, or a file that holds it.")]
Target = Annotated[str | None, typer.Option("--target", help="Column to predict; several with commas.")]
MetricFlag = Annotated[str | None, typer.Option("--metric", metavar="NAME[:min|max]", help="What counts.")]
IdColumn = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Column that identifies rows.")]
SplitFlag = Annotated[
    str | None,
    typer.Option("--split", metavar="KIND[=COLUMN]", help="kfold, stratified, group=COLUMN, time=COLUMN ..."),
]
Positive = Annotated[str | None, typer.Option("--positive", metavar="LABEL", help="Which of two labels counts.")]
RowCap = Annotated[str | None, typer.Option("--row-cap", help="Most training rows shown during search.")]


def build_app() -> typer.Typer:
    """Return the command line, ready to be called."""
    app = typer.Typer(
        name="assay",
        help="Autonomous ML engineering that counts only what it has tested itself.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback(invoke_without_command=True)(_root)
    verbs = (demo, init, check, run, resume, status, ls, top, show, diff, logs, report, tell, stop, doctor, explain)
    for verb in verbs:
        app.command(name=verb.__name__)(verb)
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is and leave.")] = False,
) -> None:
    if version:
        from assay import __version__

        _shell(context).output.answer("version", {"version": __version__}, f"assay {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        _shell(context).output.say(context.get_help())
        raise typer.Exit


def _shell(context: typer.Context) -> Shell:
    shell: Any = context.find_root().obj
    if not isinstance(shell, Shell):
        raise TypeError("the command line was called without its shell")
    return shell


def demo(
    context: typer.Context,
    time: Time = None,
    seed: Annotated[str | None, typer.Option("--seed", help="Seed of every random choice.")] = None,
    sandbox: Annotated[str | None, typer.Option("--sandbox", help="auto, strict, landlock, external or off.")] = None,
    workers: Workers = None,
    display: Display = None,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Show everything on data that ships with Assay: no key, no network, about a minute."""
    from assay.cli.commands.demo import demo as command
    from assay.cli.flags import LimitFlags, RunFlags

    return command(
        _shell(context),
        runs,
        LimitFlags(time=time, workers=workers),
        RunFlags(seed=seed, sandbox=sandbox, display=display),
    )


def init(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder with train.csv and its like, or a single file.")] = Path(),
    about: About = None,
    target: Target = None,
    metric: MetricFlag = None,
    id_column: IdColumn = None,
    split: SplitFlag = None,
    positive: Positive = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for task.toml; that of the data by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a task.toml that is already there.")] = False,
    json: Json = False,
) -> int:
    """Inspect data and write task.toml, each line marked with where it comes from."""
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.commands.intake import init as command

    flags = TaskFlags(about=about, target=target, metric=metric, id_column=id_column, split=split, positive=positive)
    return command(_shell(context), path, flags, out=out, force=force)


def check(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Folder, data file or task.toml.")] = Path(),
    target: Target = None,
    metric: MetricFlag = None,
    id_column: IdColumn = None,
    split: SplitFlag = None,
    positive: Positive = None,
    json: Json = False,
) -> int:
    """Say what is wrong with the data before anything is spent."""
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.commands.intake import check as command

    return command(
        _shell(context),
        path,
        TaskFlags(target=target, metric=metric, id_column=id_column, split=split, positive=positive),
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
    time: Time = None,
    until: Until = None,
    cost: Cost = None,
    tokens: Tokens = None,
    trials: Trials = None,
    trial_timeout: TrialTimeout = None,
    goal: Goal = None,
    require_gain: RequireGain = False,
    workers: Workers = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="playbook (the default, no key) or PROVIDER:MODEL.", show_default=False),
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="Address of the model's server.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Refuse any model that is not on this machine.")] = False,
    prompt_file: Annotated[
        Path | None, typer.Option("--prompt-file", help="Text that every question will show.")
    ] = None,
    fix_rounds: Annotated[
        str | None, typer.Option("--fix-rounds", help="Most repairs of a failing trial; 2 by default, 0 for none.")
    ] = None,
    no_gate: Annotated[bool, typer.Option("--no-gate", help="Do not check the winner at the end.")] = False,
    strategy: Annotated[str, typer.Option("--strategy", help="Which search: tree or mle_star.")] = "tree",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: an option of the strategy; may be given again.")
    ] = None,
    sandbox: Annotated[str | None, typer.Option("--sandbox", help="auto, strict, landlock, external or off.")] = None,
    python: Annotated[Path | None, typer.Option("--python", help="Interpreter or environment for candidates.")] = None,
    seed: Annotated[str | None, typer.Option("--seed", help="Seed of every random choice.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the run; two words by default.")] = None,
    runs: Runs = Path(_RUNS),
    display: Display = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and leave.")] = False,
    json: Json = False,
) -> int:
    """Work on a folder of data, a single file or a task.toml until a limit is reached."""
    from assay.cli.commands.intake import TaskFlags
    from assay.cli.commands.start import run as command
    from assay.cli.flags import LimitFlags, RunFlags

    return command(
        _shell(context),
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
            display=display,
            python=python,
            prompt_file=prompt_file,
            fix_rounds=fix_rounds,
            no_gate=no_gate,
            model=model,
            base_url=base_url,
            offline=offline,
            settings=tuple(settings or ()),
        ),
        require_gain=require_gain,
        dry_run=dry_run,
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
    runs: Runs = Path(_RUNS),
    display: Display = None,
    json: Json = False,
) -> int:
    """Take up a run where it was left; limits that are given replace its own."""
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
    return command(_shell(context), runs, name, flags, display=display, require_gain=require_gain)


def status(
    context: typer.Context,
    name: Run = None,
    oneline: Annotated[bool, typer.Option("--oneline", help="One line, for prompts and mails.")] = False,
    watch: Annotated[float | None, typer.Option("--watch", metavar="SECONDS", min=1, help="Again and again.")] = None,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Say whether a run works, is quiet, stalled, dead or done, and how far it is."""
    from assay.cli.commands.watch import status as command

    return command(_shell(context), runs, name, oneline=oneline, watch_s=watch)


def ls(context: typer.Context, runs: Runs = Path(_RUNS), json: Json = False) -> int:
    """List the runs."""
    from assay.cli.commands.watch import ls as command

    return command(_shell(context), runs)


def top(
    context: typer.Context,
    name: Run = None,
    k: Annotated[int, typer.Option("-k", "--top", help="How many places.")] = 10,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Show the best trials."""
    from assay.cli.commands.read import top as command

    return command(_shell(context), runs, name, k=k)


def show(
    context: typer.Context,
    trial: Annotated[str, typer.Argument(help="Number of the trial, or best.")],
    run_name: RunOption = None,
    content: Annotated[bool, typer.Option("--content", help="Plan and code too, as the model wrote them.")] = False,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Show one trial: scores by fold, verdict with its reasons, repairs, executions."""
    from assay.cli.commands.read import show as command

    return command(_shell(context), runs, run_name, trial, content=content)


def diff(
    context: typer.Context,
    new: Annotated[str, typer.Argument(metavar="N", help="Number of a trial, or best.")],
    old: Annotated[str | None, typer.Argument(metavar="[M]", help="Compared with; the parent by default.")] = None,
    run_name: RunOption = None,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Show what changed in the code between two trials."""
    from assay.cli.commands.read import diff as command

    return command(_shell(context), runs, run_name, new, old)


def logs(
    context: typer.Context,
    name: Run = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    trial: Annotated[str | None, typer.Option("--trial", help="What this trial's processes printed.")] = None,
    llm: Annotated[bool, typer.Option("--llm", help="Files that hold each call to a language model.")] = False,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Show what happened, a dated line per event."""
    from assay.cli.commands.logs import logs as command

    return command(_shell(context), runs, name, follow=follow, trial=trial, llm=llm)


def report(
    context: typer.Context,
    name: Run = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open report.html in the browser.")] = False,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Write the report of a run anew from its journal."""
    from assay.cli.commands.reports import report as command

    return command(_shell(context), runs, name, open_it=open_it)


def tell(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What the run should heed.")],
    run_name: RunOption = None,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """Say something to a running search; every later question shows it."""
    from assay.cli.commands.steer import tell as command

    return command(_shell(context), runs, run_name, text)


def stop(
    context: typer.Context,
    name: Run = None,
    run_name: RunOption = None,
    now: Annotated[bool, typer.Option("--now", help="Save and end at once; resume continues.")] = False,
    runs: Runs = Path(_RUNS),
    json: Json = False,
) -> int:
    """End a running search: it blends, opens the sealed holdout, fits and reports; --now leaves that for later."""
    from assay.cli.commands.steer import stop as command

    return command(_shell(context), runs, name or run_name, now=now)


def doctor(context: typer.Context, runs: Runs = Path(_RUNS), json: Json = False) -> int:
    """Say what this machine can do: sandbox, interpreter, packages, disk, keys (by name only)."""
    from assay.cli.commands.doctor import doctor as command

    return command(_shell(context), runs)


def explain(
    context: typer.Context,
    topic: Annotated[str | None, typer.Argument(help="A code such as E102, or a topic such as verdict.")] = None,
    json: Json = False,
) -> int:
    """Explain a code or a word; without one, list them."""
    from assay.cli.commands.explain import explain as command

    return command(_shell(context), topic)
