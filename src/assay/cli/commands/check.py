"""The command `check`: what is wrong with the data and, with a model, what a run would likely cost."""

from __future__ import annotations

from pathlib import Path

from assay.cli.commands.intake import Intake, finding_line, inspection_json, take_in
from assay.cli.display.foreseen import forecast_json, forecast_words
from assay.cli.options.flags import STRATEGIES, RunChoices, read_choices, read_limits, with_file_limits
from assay.cli.options.parsers import one_of
from assay.cli.options.problems import Problems
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.cli.plan import bounded, expect, limit_words, run_options
from assay.cli.shell import Shell
from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.cores import usable_cores
from assay.core.exits import Exit
from assay.report.formatting import format_count


def check(
    shell: Shell,
    path: Path,
    flags: TaskFlags,
    limit_flags: LimitFlags,
    run_flags: RunFlags,
    *,
    strategy: str,
    notebook: Path | None = None,
) -> int:
    """Look for what would make scores mislead, and exit 2 when something would; with a model, forecast its cost too.

    Of a notebook it is also told how many cells are locked.

    Nobody is asked, and no key is needed.
    """
    from assay.cli.commands.notebook_intake import locks_line
    from assay.data.check import check as examine

    problems = Problems()
    choices = read_choices(run_flags, problems)
    _limits(shell, limit_flags, problems)
    problems.read("--strategy", strategy, one_of(STRATEGIES), strategy)
    problems.raise_any("check")
    intake = take_in(path, flags)
    told = {(finding.code, finding.columns) for finding in intake.inspection.findings}
    found = [finding for finding in examine(intake.task) if (finding.code, finding.columns) not in told]
    findings = [*intake.inspection.findings, *found]
    grave = any(f.severity.value == "error" for f in findings)
    cells = [] if notebook is None else [locks_line(notebook, intake.notebook, intake.task.folder)]
    lines = [*intake.lines()[:2], *cells, *(finding_line(f) for f in findings)]
    lines.append("nothing was found that would mislead" if not findings else format_count(len(findings), "finding"))
    value = {**inspection_json(intake.inspection), "findings": [encode(f) for f in findings], "grave": grave}
    if run_flags.model is not None:
        limits = _limits(shell, with_file_limits(limit_flags, intake.limits, problems), problems)
        problems.raise_any("check")
        words, forecast = _forecast(intake, choices, limits, strategy)
        lines += words
        value["forecast"] = forecast
    shell.output.answer("check", value, "\n".join(lines))
    return Exit.REFUSED if grave else 0


def _limits(shell: Shell, flags: LimitFlags, problems: Problems) -> Limits:
    return read_limits(flags, problems, now=shell.output.clock.now(), cores=usable_cores())


def _forecast(
    intake: Intake, choices: RunChoices, limits: Limits, strategy: str
) -> tuple[list[str], dict[str, object]]:
    """Return the forecast of a run as lines and for programs."""
    limits, _ = bounded(limits)
    options = run_options(choices, limits, strategy=strategy, runs=Path("runs"))
    foreseen = expect(intake.task, options)
    lines = [
        f" limits   {limit_words(limits)}",
        f" model    {choices.model}",
        f" cost     {forecast_words(foreseen, limits)}",
    ]
    return lines, forecast_json(foreseen, limits)
