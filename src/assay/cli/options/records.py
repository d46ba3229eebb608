"""Records: the options that verbs share as typed text, in one place each; every field is an option."""

# The options are read from the fields at run time, so annotations are not postponed here.
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options.typed import (
    About,
    BaseUrl,
    Blocks,
    Compare,
    ConfigFile,
    Cost,
    Display,
    Executor,
    FinishUp,
    FixRounds,
    Goal,
    Hints,
    IdColumn,
    MetricFlag,
    Mlflow,
    ModelFlag,
    NoGate,
    NoMlflow,
    Notify,
    NoWarm,
    Offline,
    Positive,
    PromptFile,
    Python,
    RehearseFlag,
    Reseeds,
    RoleModels,
    RowCap,
    RunName,
    Sandbox,
    Seed,
    Settings,
    SplitFlag,
    Target,
    Time,
    TimeOfRun,
    Tokens,
    Trials,
    TrialTimeout,
    Until,
    Variants,
    Workers,
)


@dataclass(frozen=True, kw_only=True)
class TaskFlags:
    """The options that say what is to be done."""

    about: About = None
    target: Target = None
    metric: MetricFlag = None
    id_column: IdColumn = None
    split: SplitFlag = None
    positive: Positive = None
    row_cap: RowCap = None


@dataclass(frozen=True, kw_only=True)
class LimitFlags:
    """The options that bound a run."""

    time: Time = None
    until: Until = None
    cost: Cost = None
    tokens: Tokens = None
    trials: Trials = None
    trial_timeout: TrialTimeout = None
    workers: Workers = None
    goal: Goal = None


@dataclass(frozen=True, kw_only=True)
class RunLimitFlags(LimitFlags):
    """The options that bound a run which nothing else bounds: its time has a default."""

    time: TimeOfRun = None


@dataclass(frozen=True, kw_only=True)
class RunFlags:
    """The other options of `run` that have a form."""

    finish_up: FinishUp = None
    model: ModelFlag = None
    role_models: RoleModels = ()
    base_url: BaseUrl = None
    offline: Offline = False
    prompt_file: PromptFile = None
    fix_rounds: FixRounds = None
    reseeds: Reseeds = None
    rehearse: RehearseFlag = None
    no_gate: NoGate = False
    no_warm: NoWarm = False
    settings: Settings = ()
    variants: Variants = ()
    hints: Hints = ()
    blocks: Blocks = ()
    compare: Compare = ()
    sandbox: Sandbox = None
    executor: Executor = None
    python: Python = None
    seed: Seed = None
    name: RunName = None
    display: Display = None
    mlflow: Mlflow = None
    no_mlflow: NoMlflow = False
    notify: Notify = None


@dataclass(frozen=True, kw_only=True)
class IdeaFlags:
    """The options of `ideas` that have a form."""

    out: Annotated[Path | None, typer.Option("--out", help="Folder of the results.", show_default="ideas")] = None
    count: Annotated[str | None, typer.Option("--count", metavar="N", help="Most notebooks.", show_default="4")] = None
    seed: Annotated[
        tuple[str, ...],
        typer.Option("--seed", metavar="N", help="Seed of a notebook; may be given again, one a notebook."),
    ] = ()
    variant: Annotated[
        tuple[str, ...], typer.Option("--variant", help="What a notebook looks at; may be given again.")
    ] = ()
    wanted: Annotated[
        str | None, typer.Option("--ideas", metavar="N", help="How many ideas are asked for.", show_default="6")
    ] = None
    least: Annotated[
        str | None,
        typer.Option("--min-score", metavar="X", help="Least score of an analysis that is exported, 0 to 1."),
    ] = None
    weight: Annotated[
        tuple[str, ...],
        typer.Option("--weight", metavar="PART=X", help="relations, interactions, warnings, baseline or reliability."),
    ] = ()
    papers: Annotated[bool, typer.Option("--papers/--no-papers", help="Whether the literature is looked at.")] = True
    config: ConfigFile = None


@dataclass(frozen=True, kw_only=True)
class TasksFlags:
    """The options of `tasks run` that are its own."""

    responses: Annotated[
        Path | None, typer.Option("--responses", help="What agents wrote: a file or a folder of Markdown.")
    ] = None
    no_checkpoint: Annotated[
        bool, typer.Option("--no-checkpoint", help="Trigger the next cycle without a person's approval.")
    ] = False
    retries: Annotated[
        int, typer.Option("--retries", metavar="N", min=0, max=2, help="Most changes of code at each point.")
    ] = 2
    task_timeout: Annotated[
        str | None,
        typer.Option("--task-timeout", metavar="TIME", help="Most time of one attempt.", show_default="10m"),
    ] = None
    mlflow: Annotated[
        str | None, typer.Option("--mlflow", metavar="[URI]", help="Experiment store: local, an address, or off.")
    ] = None
    no_mlflow: NoMlflow = False
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="ID[,ID]", help="Do these again in a new run; take the others as the last run left them."
        ),
    ] = None
    allow: Annotated[
        tuple[str, ...],
        typer.Option("--allow", metavar="PACKAGE", help="Install this where a reply asks for it; several times."),
    ] = ()
