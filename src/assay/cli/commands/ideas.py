"""The command `ideas`: notebooks look into the data, and ideas follow from what they establish."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.commands.intake import take_in
from assay.cli.commands.papers import library
from assay.cli.options.flags import read_choices, read_limits, read_task
from assay.cli.options.model_flags import require_model
from assay.cli.options.parsers import natural, number, setting, whole
from assay.cli.options.problems import Problems
from assay.cli.options.records import IdeaFlags, LimitFlags, RunFlags, TaskFlags
from assay.cli.output import clean, one_line
from assay.cli.shell import Shell
from assay.core.cores import usable_cores
from assay.core.exits import Exit
from assay.core.task import Task
from assay.models.literature import quoted

if TYPE_CHECKING:
    from assay.strategies.ideas import Found, IdeaOptions

DEFAULT_TIME = "10m"
_MOST_PAPERS = 6


def ideas(
    shell: Shell, path: Path, flags: IdeaFlags, task_flags: TaskFlags, limit_flags: LimitFlags, run_flags: RunFlags
) -> int:
    """Look into the data at `path`; exit 1 if no ideas came of it."""
    from assay.strategies.ideas import find_ideas

    if flags.config is not None:
        flags, task_flags, limit_flags = _configured(shell, flags, task_flags, limit_flags)
    problems = Problems()
    limits = read_limits(
        replace(limit_flags, time=limit_flags.time or DEFAULT_TIME),
        problems,
        now=shell.output.clock.now(),
        cores=usable_cores(),
    )
    read_task(task_flags, problems)
    choices = read_choices(run_flags, problems)
    options = _options(flags, problems)
    problems.raise_any("ideas")
    require_model(choices)
    intake = take_in(path, task_flags)
    for line in intake.lines():
        shell.output.say(line)
    told = _papers(shell, intake.task, offline=run_flags.offline) if flags.papers else ""
    options = replace(
        options,
        model=choices.model,
        base_url=choices.base_url,
        sandbox=choices.sandbox,
        python=choices.python,
        limits=limits,
        papers=told,
        remarks=choices.remarks,
    )
    many = len(options.runs)
    shell.output.say(f" looks    {many} notebook{'s' if many != 1 else ''} · model {options.model} · {options.out}")
    found = find_ideas(intake.task, options)
    shell.output.answer("ideas", _json(found), "\n".join(_lines(found)))
    return 0 if found.ideas else Exit.SHORT


def _options(flags: IdeaFlags, problems: Problems) -> IdeaOptions:
    from assay.strategies.ideas import IdeaOptions

    plain = IdeaOptions(out=flags.out or Path("ideas"))
    seeds = tuple(problems.read("--seed", text, natural, 0) for text in flags.seed)
    weights = dict(problems.read("--weight", text, _weight, ("relations", 1.0)) for text in flags.weight)
    if any(not text.strip() for text in flags.variant):
        problems.add("--variant '': says nothing")
    return replace(
        plain,
        count=problems.read("--count", flags.count, whole, plain.count),
        seeds=seeds or plain.seeds,
        variants=tuple(text.strip() for text in flags.variant) or plain.variants,
        ideas=problems.read("--ideas", flags.wanted, whole, plain.ideas),
        least=problems.read("--min-score", flags.least, number, plain.least),
        weights=weights,
    )


def _weight(text: str) -> tuple[str, float]:
    name, value = setting(text)
    return name, number(value)


def _configured(
    shell: Shell, flags: IdeaFlags, task: TaskFlags, limits: LimitFlags
) -> tuple[IdeaFlags, TaskFlags, LimitFlags]:
    """Return the options with what the config file of the analysis says where nothing was typed."""
    from assay.cli.configs import Phase, idea_wishes, read_config
    from assay.cli.configs.applying import UNKNOWN

    config = read_config(flags.config or Path(), Phase.ANALYSIS, environ=os.environ)
    wishes = idea_wishes(config)
    for key in config.unknown:
        shell.output.say(f" warning  {UNKNOWN} {one_line(key, 120)}: no such key, so it changes nothing")
    typed = replace(
        flags,
        count=flags.count or _text(wishes.count),
        seed=flags.seed or tuple(map(str, wishes.seeds)),
        variant=flags.variant or wishes.variants,
        least=flags.least or _text(wishes.least),
    )
    return (
        typed,
        replace(task, split=task.split or wishes.split),
        replace(limits, workers=limits.workers or _text(wishes.workers)),
    )


def _text(value: float | None) -> str | None:
    return None if value is None else str(value)


def _papers(shell: Shell, task: Task, *, offline: bool) -> str:
    words = " ".join(task.statement.split()[:12]) or task.name
    found = library(shell, offline=offline).look_up(f"{words} {task.problem.value}", _MOST_PAPERS)
    shell.output.say(f" papers   {len(found.papers)}, {found.origin.value}, {found.dated}")
    for remark in found.remarks:
        shell.output.say(f" papers   {one_line(remark, 150)}")
    return quoted(found.papers)


def _lines(found: Found) -> Sequence[str]:
    told = []
    for analysis in found.analyses:
        held = sum(one.holds for one in analysis.checked)
        value = "no score" if analysis.score is None else f"score {analysis.score:.3f}"
        best = "  best" if found.best is not None and found.best.number == analysis.number else ""
        told.append(
            f" {analysis.name}  {one_line(analysis.title or analysis.variant, 40):<40}  {held} of "
            f"{len(analysis.checked)} statements held  {value}{best}"
        )
    told += [f" idea     {one_line(idea.title, 100)}" for idea in found.ideas]
    told += [f" problem  {one_line(problem, 200)}" for problem in found.problems]
    if found.idea_file is not None:
        told.append(f"wrote {found.idea_file}; next: assay run DATA --strategy notebook --ideas {found.idea_file}")
    else:
        told.append(f"no ideas; what was found is in {found.out}")
    return [clean(line) for line in told]


def _json(found: Found) -> dict[str, object]:
    return {
        "folder": str(found.out),
        "idea_file": str(found.idea_file) if found.idea_file else None,
        "ideas": [idea.model_dump(mode="json") for idea in found.ideas],
        "best": found.best.number if found.best else None,
        "analyses": [
            {"number": a.number, "score": a.score, "held": sum(one.holds for one in a.checked), "of": len(a.checked)}
            for a in found.analyses
        ],
        "problems": list(found.problems),
    }
