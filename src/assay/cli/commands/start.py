"""The command `run`, and the start of a run that `demo` and `rerun` share with it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from assay.cli.commands.intake import Intake, take_in
from assay.cli.commands.lab_intake import LabIntake, take_in_lab, with_daemon_config
from assay.cli.detach import detach as in_background
from assay.cli.display.foreseen import forecast_json
from assay.cli.options.flags import STRATEGIES, RunChoices, read_choices, read_limits, read_task, with_file_limits
from assay.cli.options.model_flags import require_model
from assay.cli.options.notebook_flags import REVIEW, with_table
from assay.cli.options.parsers import one_of
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.cli.plan import bounded, expect, plan_lines, run_options
from assay.cli.saved_model import with_saved
from assay.cli.seeing import Work, channel_of, choose_view, see_through
from assay.cli.shell import Shell
from assay.cli.tracked import choose_store, mlflow_wish, store_address
from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.cores import usable_cores
from assay.core.rehearse import Rehearse
from assay.core.task import Task
from assay.sandbox.cluster.executor import require_executor
from assay.strategies.known import LAB, refuse_blocks
from assay.strategies.launch import launch
from assay.strategies.names import new_name
from assay.strategies.options import RunOptions

if TYPE_CHECKING:
    from assay.strategies.forecast import Forecast


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
    if config is not None:
        strategy, task_flags, limit_flags, run_flags = _with_config(
            shell, path, config, strategy, task_flags, limit_flags, run_flags, strategy_typed=strategy_typed
        )
    run_flags, saved = with_saved(run_flags)
    now, cores, problems = shell.output.clock.now(), usable_cores(), Problems()
    limits = read_limits(limit_flags, problems, now=now, cores=cores)
    read_task(task_flags, problems)
    choices = read_choices(run_flags, problems)
    problems.read("--strategy", strategy, one_of(STRATEGIES), strategy)
    problems.raise_any("run")
    refuse_blocks(strategy, choices.blocks)
    require_model(choices)
    require_executor(choices.executor)
    shell.channel = channel_of(run_flags.notify)
    store_address(mlflow_wish(run_flags.mlflow, off=run_flags.no_mlflow), runs)
    intake = take_in_lab(path) if strategy == LAB else take_in(path, task_flags)
    choices = _with_file(choices, intake, strategy)
    if intake.limits:
        limits = read_limits(with_file_limits(limit_flags, intake.limits, problems), problems, now=now, cores=cores)
        problems.raise_any("run")
    limits, defaulted = bounded(limits)
    _refuse_late_finish(run_flags, choices, limits)
    store = choose_store(mlflow_wish(run_flags.mlflow, off=run_flags.no_mlflow, file=intake.mlflow), runs)
    options = run_options(choices, limits, strategy=strategy, runs=runs, mlflow=store.kept)
    foreseen = expect(intake.task, options)
    if saved:
        shell.output.say(saved)
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


def _with_config(
    shell: Shell,
    path: Path,
    config: Path,
    strategy: str,
    task: TaskFlags,
    limits: LimitFlags,
    flags: RunFlags,
    *,
    strategy_typed: bool,
) -> tuple[str, TaskFlags, LimitFlags, RunFlags]:
    """Return what was typed and below it what a config file says: a daemon's for a lab, CellScientist's else."""
    if strategy == LAB:
        return strategy, task, limits, with_daemon_config(shell, path, config, limits, flags)
    from assay.cli.configs import configured

    return configured(shell, config, strategy if strategy_typed else None, task, limits, flags)


def _with_file(choices: RunChoices, intake: Intake | LabIntake, strategy: str) -> RunChoices:
    """Return the choices with what the task file says of notebooks and rehearsals where nothing was typed."""
    if strategy == REVIEW and intake.notebook:
        choices = replace(choices, arguments=with_table(choices.arguments, intake.notebook, intake.task.folder))
    if intake.rehearse and choices.rehearse is None:
        choices = replace(choices, rehearse=Rehearse(intake.rehearse))
    return choices


def _refuse_late_finish(flags: RunFlags, choices: RunChoices, limits: Limits) -> None:
    """Raise where the finish-up would begin before the run (E002)."""
    if choices.finish_up_s is not None and choices.finish_up_s >= (limits.wall_s or 0.0):
        problems = Problems()
        problems.add(f"--finish-up {flags.finish_up!r}: needs a longer --time or --until, of which it is the last part")
        problems.raise_any("run")


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
    view = choose_view(shell, display, options.runs, forecast=forecast_json(foreseen, options.limits))
    work: Work = lambda seen: launch(task, options, seen)  # noqa: E731 - a name would say no more
    return see_through(shell, options.runs, view, work, require_gain=require_gain, mlflow=mlflow)
