"""Commands that work on a run: `run` and `resume`, and what `demo` shares with them."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from assay.cli.commands.intake import Intake, TaskFlags, take_in
from assay.cli.commands.lab_intake import LabIntake, take_in_lab, with_daemon_config
from assay.cli.commands.reports import try_reports
from assay.cli.detach import detach as in_background
from assay.cli.display.foreseen import forecast_json, forecast_words
from assay.cli.display.views import JsonView, PlainView, QuietView, View
from assay.cli.ending import done_json, exit_code, summary_lines
from assay.cli.flags import (
    DEFAULT_TIME_S,
    DISPLAYS,
    STRATEGIES,
    LimitFlags,
    Problems,
    RunChoices,
    RunFlags,
    one_of,
    read_choices,
    read_limits,
    with_file_limits,
)
from assay.cli.interrupts import interruptible
from assay.cli.logfile import keep_log
from assay.cli.lookup import find_run
from assay.cli.notebook_flags import REVIEW, with_table
from assay.cli.shell import Shell
from assay.cli.tracked import NO, ChosenStore, choose_store, mlflow_wish, store_address, tracking
from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.cores import usable_cores
from assay.core.errors import AssayError, MachineError, NothingFound
from assay.core.task import Task
from assay.engine.observer import Observer
from assay.journal import events as ev
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import Event
from assay.journal.folders import is_live, run_folders
from assay.journal.summary import Summary, SummaryFile
from assay.report.formatting import format_count, format_duration, format_money
from assay.report.way import Way, way_to, winner_of
from assay.sandbox.cluster.executor import require_executor
from assay.strategies.known import LAB, TASKS, refuse_blocks
from assay.strategies.launch import RunEnd
from assay.strategies.names import new_name
from assay.strategies.options import RunOptions

if TYPE_CHECKING:
    from assay.cli.notify.channels import Channel
    from assay.strategies.forecast import Forecast

Work = Callable[[Sequence[Observer]], RunEnd]


def run(
    shell: Shell,
    path: Path,
    runs: Path,
    *,
    strategy: str,
    task_flags: TaskFlags,
    limit_flags: LimitFlags,
    run_flags: RunFlags,
    require_gain: bool,
    dry_run: bool,
    detach: bool = False,
    config: Path | None = None,
    strategy_typed: bool = True,
) -> int:
    """Check everything, then work on `path` until a limit is reached; with `detach` in the background."""
    if config is not None and strategy == LAB:
        run_flags = with_daemon_config(shell, path, config, limit_flags, run_flags)
    elif config is not None:
        from assay.cli.configs import configured

        typed = strategy if strategy_typed else None
        strategy, limit_flags, run_flags = configured(shell, config, typed, limit_flags, run_flags)
    now, cores = shell.output.clock.now(), usable_cores()
    problems = Problems()
    limits = read_limits(limit_flags, problems, now=now, cores=cores)
    choices = read_choices(run_flags, problems)
    problems.read("--strategy", strategy, one_of(STRATEGIES), strategy)
    problems.raise_any("run")
    refuse_blocks(strategy, choices.blocks)
    require_model(choices)
    require_executor(choices.executor)
    shell.channel = channel_of(run_flags.notify)
    store_address(mlflow_wish(run_flags.mlflow, off=run_flags.no_mlflow), runs)
    intake = (
        take_in_lab(path)
        if strategy == LAB
        else take_in(path, replace(task_flags, metric=run_flags.metric, row_cap=choices.row_cap))
    )
    if strategy == REVIEW and intake.notebook:
        choices = replace(choices, arguments=with_table(choices.arguments, intake.notebook, intake.task.folder))
    if intake.limits:
        limits = read_limits(with_file_limits(limit_flags, intake.limits, problems), problems, now=now, cores=cores)
        problems.raise_any("run")
    limits, defaulted = bounded(limits)
    if choices.finish_up_s is not None and choices.finish_up_s >= (limits.wall_s or 0.0):
        problems.add(
            f"--finish-up {run_flags.finish_up!r}: needs a longer --time or --until, of which it is the last part"
        )
        problems.raise_any("run")
    store = choose_store(mlflow_wish(run_flags.mlflow, off=run_flags.no_mlflow, file=intake.mlflow), runs)
    options = run_options(choices, limits, strategy=strategy, runs=runs, mlflow=store.kept)
    foreseen = expect(intake.task, options)
    for line in plan_lines(intake, options, foreseen, defaulted=defaulted, store=store):
        shell.output.say(line)
    if dry_run:
        plan = {"task": encode(intake.task), "limits": encode(limits), "forecast": forecast_json(foreseen, limits)}
        shell.output.answer("plan", plan, "dry run: nothing was started")
        return 0
    if detach:
        name = choices.name or new_name(runs, Random(os.urandom(8)))
        return in_background(shell, runs, name, ["--name", name])
    return start(
        shell,
        intake.task,
        options,
        foreseen,
        display=choices.display,
        require_gain=require_gain,
        mlflow=store.uri,
    )


def expect(task: Task, options: RunOptions) -> Forecast:
    """Return what a run will likely cost; nobody is asked."""
    from assay.strategies.forecast import foresee

    return foresee(task, options)


def require_model(choices: RunChoices) -> None:
    """Check before anything is spent that the models could be asked.

    Raises:
        ProviderRefused: It needs a key, and none is set (E303).
        ProgramUnusable: It is a program, and there is none of this name (E309).
        MachineError: The packages for language models are not installed (E560).
    """
    from assay.models import address_for

    for model in dict.fromkeys((choices.model, *choices.role_models.values())):
        _require(model, address_for(model, choices.model, choices.base_url))


def _require(model: str, address: str | None) -> None:
    if model == "playbook" or model.startswith("recorded:"):
        return
    if model.startswith("cli:"):
        from assay.models.program.choice import resolve_program

        resolve_program(model, environ=os.environ).locate()
        return
    from assay.models.endpoint import resolve

    resolve(model, base_url=address, environ=os.environ).key()
    if importlib.util.find_spec("pydantic_ai") is None:
        raise MachineError("E560", "language models need packages that are not installed", fix="uv sync --extra llm")


def bounded(limits: Limits) -> tuple[Limits, bool]:
    """Return limits that end a run for sure, and whether the default time had to be put in."""
    bounds = (limits.wall_s, limits.cost_usd, limits.tokens, limits.trials)
    if any(bound is not None for bound in bounds):
        return limits, False
    return replace(limits, wall_s=DEFAULT_TIME_S), True


def run_options(choices: RunChoices, limits: Limits, *, strategy: str, runs: Path, mlflow: str = "") -> RunOptions:
    """Return what the engine is told."""
    return RunOptions(
        limits=limits,
        strategy=strategy,
        model=choices.model,
        role_models=choices.role_models,
        base_url=choices.base_url,
        seed=choices.seed,
        name=choices.name,
        runs=runs,
        sandbox=choices.sandbox,
        executor=choices.executor,
        python=choices.python,
        remarks=choices.remarks,
        fix_rounds=choices.fix_rounds,
        gate=choices.gate,
        warm=choices.warm,
        finish_up_s=choices.finish_up_s,
        arguments=choices.arguments,
        variants=choices.variants,
        hints=choices.hints,
        blocks=choices.blocks,
        references=choices.references,
        mlflow=mlflow,
    )


def plan_lines(
    intake: Intake | LabIntake,
    options: RunOptions,
    foreseen: Forecast,
    *,
    defaulted: bool,
    store: ChosenStore | None = None,
) -> list[str]:
    """Return what was understood, before anything is spent."""
    bounds = limit_words(options.limits)
    note = " (nothing else bounds the run; say --time for more)" if defaulted else ""
    keyless = " (no language model, no key, no network)" if options.model == "playbook" else ""
    others = "".join(f"; {role}: {model}" for role, model in options.role_models.items())
    cost = forecast_words(foreseen, options.limits)
    said = [f" wishes   {wish_words(options)}"] if options.hints or options.blocks else []
    if options.references:
        said.append(f" compare  the winner with {format_count(len(options.references), 'published solution')}")
    if store is not None and (store.uri or store.remark):
        said.append(f" mlflow   {store.remark or store.uri}")
    about = [f" limits   {bounds}{note}", f" model    {options.model}{keyless}{others}", f" cost     {cost}"]
    return [*intake.lines(), *about, *said]


def wish_words(options: RunOptions) -> str:
    """Return what a person wants tried, in words."""
    blocks = f"{len(options.blocks)} block{'s' if len(options.blocks) != 1 else ''} of code to refine first"
    return "; ".join([*options.hints, *([blocks] if options.blocks else [])])


def limit_words(limits: Limits) -> str:
    """Return the limits in words, whichever comes first."""
    parts = []
    if limits.wall_s is not None:
        parts.append(format_duration(limits.wall_s))
    if limits.trials is not None:
        parts.append(f"{limits.trials:,} trials")
    if limits.cost_usd is not None:
        parts.append(format_money(limits.cost_usd))
    if limits.tokens is not None:
        parts.append(f"{limits.tokens:,} tokens")
    if limits.goal is not None:
        parts.append(f"a score of {limits.goal:g}")
    words = " or ".join(parts) + (", whichever comes first" if len(parts) > 1 else "")
    return f"{words} · {limits.workers} at a time"


def start(
    shell: Shell,
    task: Task,
    options: RunOptions,
    foreseen: Forecast,
    *,
    display: str,
    require_gain: bool,
    mlflow: str = "",
) -> int:
    """Launch a run and see it through."""
    from assay.strategies.launch import launch

    view = choose_view(shell, display, options.runs, forecast=forecast_json(foreseen, options.limits))
    work: Work = lambda seen: launch(task, options, seen)  # noqa: E731 - a name would say no more
    return see_through(shell, options.runs, view, work, require_gain=require_gain, mlflow=mlflow)


def resume(
    shell: Shell,
    root: Path,
    name: str | None,
    flags: LimitFlags,
    *,
    display: str | None,
    require_gain: bool,
    detach: bool = False,
    mlflow: str | None = None,
    no_mlflow: bool = False,
    notify: str | None = None,
) -> int:
    """Take a run up where it was left; with `detach` in the background."""
    shell.channel = channel_of(notify)
    problems, now, cores = Problems(), shell.output.clock.now(), usable_cores()
    read_limits(flags, problems, now=now, cores=cores)
    shown = problems.read("--display", display, one_of(DISPLAYS), "auto")
    problems.raise_any("resume")
    folder = find_run(root, name) if name is not None else _latest_unfinished(root)
    summary = SummaryFile(folder).read()
    shell.run_name, shell.run_folder = folder.name, folder
    limits = read_limits(flags, problems, now=now, cores=cores, elapsed_s=summary.wall_s)
    changed = changed_limits(summary.limits, limits, flags)
    if changed is not None:
        shell.output.say(f" limits {limit_words(changed)}")
    if summary.model not in ("", "playbook"):
        for line in _rest_lines(folder, summary, changed or summary.limits):
            shell.output.say(line)
    from assay.strategies.launch import read_description
    from assay.strategies.launch import resume as take_up

    # A run that was started without goes on without.
    kept = read_description(folder)[1].mlflow or NO
    store = choose_store(mlflow_wish(mlflow, off=no_mlflow, file=kept), folder.parent)
    if store.remark:
        shell.output.say(f" mlflow {store.remark}")
    if detach:
        return in_background(shell, folder.parent, folder.name, [] if name is not None else [folder.name])

    view = choose_view(shell, shown, folder.parent, summary)
    work: Work = lambda seen: take_up(folder, limits=changed, observers=seen)  # noqa: E731 - a name would say no more
    return see_through(shell, folder.parent, view, work, require_gain=require_gain, mlflow=store.uri)


def _rest_lines(folder: Path, summary: Summary, limits: Limits) -> list[str]:
    """Return what the rest of a run will likely cost; nothing where it cannot be taken up, which is told elsewhere."""
    from assay.strategies.forecast import foresee_rest

    try:
        foreseen = foresee_rest(folder, limits)
    except AssayError:
        return []
    return [f" cost   from here on {forecast_words(foreseen, limits, summary.spent)}"]


def changed_limits(old: Limits, new: Limits, flags: LimitFlags) -> Limits | None:
    """Return the old limits with those replaced that were typed; None when none was."""
    given = {
        "wall_s": flags.time is not None or flags.until is not None,
        "cost_usd": flags.cost is not None,
        "tokens": flags.tokens is not None,
        "trials": flags.trials is not None,
        "trial_timeout_s": flags.trial_timeout is not None,
        "workers": flags.workers is not None,
        "goal": flags.goal is not None,
    }
    changes = {name: getattr(new, name) for name, typed in given.items() if typed}
    return replace(old, **changes) if changes else None


def _latest_unfinished(root: Path) -> Path:
    for folder in run_folders(root):
        if not is_live(folder) and SummaryFile(folder).read().finished is None:
            return folder
    raise NothingFound("E203", f"no run in {str(root)!r} waits to be taken up", fix="assay ls")


def see_through(shell: Shell, runs: Path, view: View, work: Work, *, require_gain: bool, mlflow: str = "") -> int:
    """Do `work` under `view`, write the reports, say how it ended; return the exit code.

    Args:
        shell: What the command was called with.
        runs: The folder of runs.
        view: Shows what happens.
        work: Does it.
        require_gain: Whether a solution counts only with a real gain.
        mlflow: Address of the experiment store to track in; empty for none.

    Raises:
        AssayError: Nothing could be started, or the run cannot go on.
        KeyboardInterrupt: Somebody asked for an end; everything is saved.
    """
    keep_log(shell)

    def first_signal() -> None:
        view.stopping()
        if not shell.output.abilities.terminal:
            shell.output.complain("saving …  once more stops at once")

    with interruptible(shell, first_signal), tracking(shell.output, mlflow) as tracker:
        with view:
            tracked = [tracker] if tracker is not None else []
            end = work([_Tracker(shell, runs), view, *tracked, *_notifiers(shell)])
        if shell.signals:
            raise KeyboardInterrupt
        if SummaryFile(end.folder).read().strategy == TASKS:
            return _show_tasks(shell, end)
        try_reports(shell, end.folder)
        if tracker is not None:
            tracker.deliver(end.folder)
        summary, way = SummaryFile(end.folder).read(), _way(end.folder)
        code = exit_code(summary, end.exit_code, way=way, require_gain=require_gain)
        shell.output.say()
        for line in summary_lines(shell.output, summary, end.folder, way):
            shell.output.say(line)
        if shell.output.json:
            shell.output.emit("done", done_json(summary, end.folder, code, way))
        return code


def channel_of(wish: str | None) -> Channel | None:
    """Return where notices of a run go; None for nowhere.

    Raises:
        UsageError: E077, it is of no known form.
    """
    if wish is None:
        return None
    from assay.cli.notify.channels import open_channel

    return open_channel(wish)


def _notifiers(shell: Shell) -> Iterator[Observer]:
    if shell.channel is not None:
        from assay.cli.notify.notifier import Notifier

        yield Notifier(shell.channel)


def _show_tasks(shell: Shell, end: RunEnd) -> int:
    """Show how a queue of tasks ended: nothing in it has a score."""
    from assay.cli.commands.tasks import show_tasks

    show_tasks(shell, end.folder, stopped_by=end.stopped_by)
    return end.exit_code


def _way(folder: Path) -> Way | None:
    history = HistoryFile(folder).read()
    return way_to(history, winner_of(history))


class _Tracker:
    """Remembers which run is worked on, for interruptions and crashes."""

    def __init__(self, shell: Shell, runs: Path) -> None:
        self._shell = shell
        self._runs = runs

    def on_event(self, event: Event) -> None:
        if isinstance(event.payload, ev.RunStarted):
            self._shell.run_name = event.payload.run
            self._shell.run_folder = self._runs / event.payload.run


def choose_view(
    shell: Shell,
    display: str,
    runs: Path,
    summary: Summary | None = None,
    *,
    forecast: Mapping[str, Any] | None = None,
) -> View:
    """Return the display that fits: JSON lines under `--json`, live on a terminal, else dated lines."""
    if shell.output.json:
        return JsonView(shell.output, runs, summary, forecast=forecast)
    if display == "none":
        return QuietView()
    if display == "live" or (display == "auto" and shell.output.abilities.terminal):
        from assay.cli.display.live import LiveView

        return LiveView(shell.output, runs, summary)
    return PlainView(shell.output, summary)
