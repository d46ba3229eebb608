"""The command `demo`: everything at once on data that ships with a dependency, without a key or a network."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random

from assay.cli.commands.intake import take_in
from assay.cli.commands.start import start
from assay.cli.options.flags import read_choices, read_limits
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.cli.plan import expect, plan_lines, run_options
from assay.cli.shell import Shell
from assay.cli.tracked import choose_store, mlflow_wish
from assay.core.cores import usable_cores

DEMO_TIME = "70s"
"""Leaves room for start, finish and report within the 90 seconds that are promised on two cores."""

DEMO_SPLIT = "stratified=3"
"""Fewer folds than usual, so that a minute is enough to measure the noise too."""

BANNER = (
    "PLAYBOOK MODE \N{EM DASH} no language model, no key, no network used. "
    "Ideas come from built-in recipes; the code, sandbox, checks and scores are real."
)
CHEAT = "One recipe cheats on purpose; watch what becomes of it."


def demo(shell: Shell, runs: Path, limit_flags: LimitFlags, run_flags: RunFlags) -> int:
    """Write the demonstration's data, then run on it with the recipe that cheats among the honest ones."""
    problems = Problems()
    limits = read_limits(
        replace(limit_flags, time=limit_flags.time or DEMO_TIME),
        problems,
        now=shell.output.clock.now(),
        cores=usable_cores(),
    )
    choices = read_choices(run_flags, problems)
    problems.raise_any("demo")
    from assay.data.demo import write_demo

    name = _free_name(runs)
    data = runs / f"{name}-data" / "prime-digits"
    write_demo(data)
    intake = take_in(data, TaskFlags(split=DEMO_SPLIT))
    # Not by default: a minute on two cores has no time for it, and nobody's own work belongs beside these digits.
    store = choose_store(mlflow_wish(None, off=False, default=""), runs)
    options = replace(
        run_options(replace(choices, name=name), limits, strategy="tree", runs=runs, mlflow=store.kept),
        arguments={"cheats": "1"},
    )
    shell.output.say(shell.output.paint(BANNER, "bold"))
    shell.output.say(CHEAT)
    foreseen = expect(intake.task, options)
    for line in plan_lines(intake, options, foreseen, defaulted=False, store=store):
        shell.output.say(line)
    return start(shell, intake.task, options, foreseen, display=choices.display, require_gain=False, mlflow=store.uri)


def _free_name(runs: Path) -> str:
    """Return a name that no run below `runs` has: `demo-` and four digits."""
    rng = Random(os.urandom(8))
    while (runs / (name := f"demo-{rng.randrange(10_000):04d}")).exists():
        continue
    return name
