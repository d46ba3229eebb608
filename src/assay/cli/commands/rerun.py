"""The commands `rerun` and `compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from assay.cli.commands.resume import changed_limits
from assay.cli.commands.start import start
from assay.cli.lookup import find_run
from assay.cli.options.flags import DISPLAYS, read_limits
from assay.cli.options.parsers import natural, one_of
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags
from assay.cli.output import clean
from assay.cli.plan import limit_words
from assay.cli.shell import Shell
from assay.core.cores import usable_cores
from assay.core.errors import UsageError


def rerun(
    shell: Shell,
    root: Path,
    name: str | None,
    flags: LimitFlags,
    *,
    seed: str,
    data: Path | None,
    new_name: str | None,
    display: str | None,
    require_gain: bool,
) -> int:
    """Start a new run of the same task and options with another seed; the old one stays as it is.

    Raises:
        IntegrityError: The data are not those of the old run (E405).
    """
    from assay.data import verify_data
    from assay.strategies.description import read_description
    from assay.strategies.forecast import foresee

    problems = Problems()
    typed = read_limits(flags, problems, now=shell.output.clock.now(), cores=usable_cores())
    number = problems.read("--seed", seed, natural, 0)
    shown = problems.read("--display", display, one_of(DISPLAYS), "auto")
    problems.raise_any("rerun")
    folder = find_run(root, name)
    task, options = read_description(folder)
    if data is not None:
        task = replace(task, folder=data.absolute())
    if task.graded:
        verify_data(task)
    limits = changed_limits(options.limits, typed, flags) or options.limits
    options = replace(options, seed=number, name=new_name, runs=root, limits=limits, mlflow="")
    shell.output.say(f" again    {folder.name} with seed {number}")
    shell.output.say(f" limits   {limit_words(limits)}")
    code = start(shell, task, options, foresee(task, options), display=shown, require_gain=require_gain)
    if shell.run_name and not shell.output.json:
        shell.output.say(f" compare  assay compare {folder.name} {shell.run_name}")
    return code


def compare(shell: Shell, root: Path, names: Sequence[str]) -> int:
    """Show two to five runs side by side.

    Raises:
        UsageError: Fewer than two runs, or more than five (E075).
        NothingFound: No such run, or nothing in it is scored (E209).
    """
    if not 2 <= len(names) <= 5:
        raise UsageError("E075", f"{len(names)} runs were named; two to five are compared", fix="assay compare A B")
    from assay.report import compare as found

    sides = [found.read_side(find_run(root, name)) for name in names]
    paired = [found.gains_between(old, new) for old, new in pairwise(sides)]
    table = found.rows(sides)
    width = max(len(head) for head, _ in table)
    widths = [max(len(clean(cells[place])) for _, cells in table) for place in range(len(sides))]
    lines = [
        f"{head:<{width}}  "
        + "  ".join(f"{clean(cell):<{size}}" for cell, size in zip(cells, widths, strict=True)).rstrip()
        for head, cells in table
    ]
    for old, new, gains in zip(sides[:-1], sides[1:], paired, strict=True):
        told = "their winners share no fold of one task: no score of one says anything about the other"
        lines.append(found.gains_words(gains) if gains is not None else f"{new.name} and {old.name}: {told}")
    value = {
        "runs": [found.side_json(side) for side in sides],
        "paired": [
            None
            if gains is None
            else {
                "new": gains.new,
                "old": gains.old,
                "gains": dict(zip(gains.views, gains.gains, strict=True)),
                "low": gains.low,
                "high": gains.high,
            }
            for gains in paired
        ],
    }
    shell.output.answer("compare", value, "\n".join(lines))
    return 0
