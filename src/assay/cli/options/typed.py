"""Options that several verbs share, as typer reads them."""

# Typer reads annotations at run time, so they are not postponed here.
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.shell import Shell
from assay.strategies.known import STRATEGIES

RUNS = Path("runs")

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
    str | None,
    typer.Option(
        "--display",
        metavar="HOW",
        help="auto, live, plain or none. auto: live on a terminal, else plain.",
        show_default="auto",
    ),
]
Seed = Annotated[str | None, typer.Option("--seed", metavar="N", help="Seed of every random choice.", show_default="0")]
Sandbox = Annotated[
    str | None,
    typer.Option(
        "--sandbox",
        metavar="TIER",
        help="auto, strict, landlock, uid, external or off. auto: the strongest that works here.",
        show_default="auto",
    ),
]
Time = Annotated[str | None, typer.Option("--time", metavar="TIME", help="Most time, such as 90s, 10m, 1h30m.")]
TimeOfRun = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="TIME", help="Most time, such as 90s, 10m, 1h30m.", show_default="10m if no limit is given"
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="HH:MM", help="End at this local time.")]
Cost = Annotated[str | None, typer.Option("--cost", metavar="USD", help="Most money for model calls.")]
Tokens = Annotated[str | None, typer.Option("--tokens", metavar="N", help="Most tokens, such as 500k or 2M.")]
Trials = Annotated[str | None, typer.Option("--trials", metavar="N", help="Most trials, baselines included.")]
TrialTimeout = Annotated[
    str | None, typer.Option("--trial-timeout", metavar="TIME", help="Most time of one execution.")
]
Workers = Annotated[
    str | None,
    typer.Option("--workers", metavar="N", help="Trials at a time.", show_default="one for each usable core"),
]
Goal = Annotated[str | None, typer.Option("--goal", metavar="SCORE", help="Stop when the search score reaches this.")]
RequireGain = Annotated[
    bool, typer.Option("--require-gain", help="Exit 1 unless the best beats the baseline for real.")
]
FinishUp = Annotated[
    str | None,
    typer.Option("--finish-up", metavar="TIME", help="Of the time limit, the last part: no new ideas, then deliver."),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Work in the background, whatever becomes of this terminal; return at once.")
]
Mlflow = Annotated[
    str | None,
    typer.Option(
        "--mlflow", metavar="[URI]", help="Show every trial in MLflow at URI; in mlflow.db among the runs by default."
    ),
]
NoMlflow = Annotated[bool, typer.Option("--no-mlflow", help="No MLflow, whatever ASSAY_MLFLOW or task.toml say.")]
Notify = Annotated[
    str | None,
    typer.Option(
        "--notify",
        metavar="WHERE",
        help="Tell me of the great moments: ntfy:TOPIC, https://…, env:NAME, cmd:PROGRAM.",
    ),
]
TryNotify = Annotated[
    str | None, typer.Option("--notify", metavar="WHERE", help="Send a notice to try, and say whether it went through.")
]
About = Annotated[str | None, typer.Option("--about", metavar="TEXT|FILE", help="What is to be done.")]
Target = Annotated[str | None, typer.Option("--target", metavar="COLUMN[,COLUMN]", help="What to predict.")]
MetricFlag = Annotated[str | None, typer.Option("--metric", metavar="NAME[:min|max]", help="What counts.")]
IdColumn = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Column that identifies rows.")]
SplitFlag = Annotated[
    str | None,
    typer.Option("--split", metavar="KIND[=COLUMN]", help="kfold, stratified, group=COLUMN, time=COLUMN ..."),
]
Positive = Annotated[str | None, typer.Option("--positive", metavar="LABEL", help="Which of two labels counts.")]
RehearseFlag = Annotated[
    str | None,
    typer.Option(
        "--rehearse",
        metavar="WHEN",
        help="Try a candidate on few rows before its first long fold: auto, never or always.",
        show_default="auto",
    ),
]
RowCap = Annotated[str | None, typer.Option("--row-cap", metavar="N", help="Most training rows shown during search.")]
ModelFlag = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="playbook (no key), PROVIDER:MODEL or cli:PROGRAM.",
        show_default="playbook",
    ),
]
BaseUrl = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Address of the model's server.")]
StrategyFlag = Annotated[
    str,
    typer.Option("--strategy", metavar="NAME", help=f"Which search: {', '.join(STRATEGIES[:-1])} or {STRATEGIES[-1]}."),
]

Only = Annotated[
    str | None, typer.Option("--only", metavar="STAGE", help="One stage of notebook: generate, execute or analyze.")
]
SourceFlag = Annotated[
    str | None, typer.Option("--source", metavar="NOTEBOOK|RUN", help="What a stage or a review of notebooks works on.")
]
IdeasFile = Annotated[
    Path | None, typer.Option("--ideas", metavar="FILE", help="idea.json that notebooks are written from.")
]

WorkPath = Annotated[Path, typer.Argument(help="Folder, data file, task.toml, or a notebook beside one.")]
Rounds = Annotated[
    str | None, typer.Option("--rounds", metavar="N", help="Most rounds of a review, or notebooks of a search.")
]
TaskPath = Annotated[Path, typer.Argument(help="Folder, data file or task.toml.")]
Offline = Annotated[bool, typer.Option("--offline", help="Refuse any model that is not on this machine.")]
Python = Annotated[Path | None, typer.Option("--python", help="Interpreter or environment for candidates.")]
RunName = Annotated[str | None, typer.Option("--name", help="Name of the run.", show_default="two words")]
RoleModels = Annotated[
    tuple[str, ...],
    typer.Option("--role-model", metavar="ROLE=MODEL", help="A model of its own for a role; again for more."),
]
PromptFile = Annotated[Path | None, typer.Option("--prompt-file", help="Text that every question will show.")]
FixRounds = Annotated[
    str | None,
    typer.Option("--fix-rounds", metavar="N", help="Most repairs of a failing trial; 0 for none.", show_default="2"),
]
Reseeds = Annotated[
    str | None,
    typer.Option(
        "--reseeds", metavar="N", help="Runs of the baseline that tell what is noise; 0 for none.", show_default="5"
    ),
]
NoGate = Annotated[bool, typer.Option("--no-gate", help="Do not check the winner at the end.")]
NoWarm = Annotated[bool, typer.Option("--no-warm", help="Start no sandbox before it is needed.")]
Settings = Annotated[
    tuple[str, ...],
    typer.Option("--set", metavar="NAME=VALUE", help="An option of the strategy; may be given again."),
]
Variants = Annotated[
    tuple[str, ...],
    typer.Option("--variant", metavar="ROLE=NAME", help="A variant of a role's prompt; may be given again."),
]
Hints = Annotated[
    tuple[str, ...],
    typer.Option("--model-hint", metavar="TEXT", help="A model or an idea to try; may be given again."),
]
Blocks = Annotated[
    tuple[str, ...],
    typer.Option("--block", metavar="TEXT|@FILE", help="Code to refine first; may be given again."),
]
Compare = Annotated[
    tuple[Path, ...],
    typer.Option("--compare", metavar="PATH", help="Published solution to compare the winner with; again for more."),
]
Executor = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="WHERE",
        help="local, or a Ray cluster: ray, ray:auto or ray:HOST:PORT.",
        show_default="local",
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="A config file of CellScientist, as it is.")
]


def shell_of(context: typer.Context) -> Shell:
    """Return the shell that the command line was called with."""
    shell: Any = context.find_root().obj
    if not isinstance(shell, Shell):
        raise TypeError("the command line was called without its shell")
    return shell
