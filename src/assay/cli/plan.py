"""Plan: what a run is to do, its limits and what it will likely cost, in words, before anything is spent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.commands.intake import Intake
from assay.cli.commands.lab_intake import LabIntake
from assay.cli.display.foreseen import forecast_words
from assay.cli.options.flags import DEFAULT_TIME_S, RunChoices
from assay.cli.tracked import ChosenStore
from assay.core.budget import Limits
from assay.core.rehearse import Rehearse
from assay.core.task import Task
from assay.report.formatting import format_count, format_duration, format_money
from assay.strategies.options import RunOptions

if TYPE_CHECKING:
    from assay.strategies.forecast import Forecast


def expect(task: Task, options: RunOptions) -> Forecast:
    """Return what a run will likely cost; nobody is asked."""
    from assay.strategies.forecast import foresee

    return foresee(task, options)


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
        reseeds=choices.reseeds,
        rehearse=choices.rehearse or Rehearse.AUTO,
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
