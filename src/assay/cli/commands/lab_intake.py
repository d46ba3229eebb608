"""How `run --strategy lab` takes in a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.configs.applying import UNKNOWN
from assay.cli.options.records import LimitFlags, RunFlags
from assay.cli.output import clean, one_line
from assay.cli.shell import Shell
from assay.core.durations import duration
from assay.core.task import Task
from assay.report.formatting import format_count, format_duration

if TYPE_CHECKING:
    from assay.strategies.lab import LabConfig


class LabIntake:
    """A repository's lab, and the few lines that say how it was understood.

    Args:
        task: What to work on.
        config: What its `lab.toml` says.
    """

    limits: Mapping[str, Any] = {}
    mlflow = ""
    rehearse = ""
    notebook: Mapping[str, Any] = {}

    def __init__(self, task: Task, config: LabConfig) -> None:
        self.task = task
        self._config = config

    def lines(self) -> list[str]:
        """Return what matters of it."""
        config = self._config
        better = "higher" if config.as_metric.higher_is_better else "lower"
        may = [format_count(len(config.options), "option")] if config.options else []
        may += [format_count(len(config.files), "file")] if config.files else []
        where = config.metric.file or "printed lines"
        lines = [
            f" lab      {self.task.name} · {config.as_metric.name}, {better} is better, as reported in {where}",
            f" default  {one_line(config.command, 90)} · at most {format_duration(config.time)}",
            f" may set  {' and '.join(may) or 'nothing: declare options or files in lab.toml'}",
        ]
        return [clean(line) for line in lines]


def with_daemon_config(shell: Shell, path: Path, file: Path, limits: LimitFlags, flags: RunFlags) -> RunFlags:
    """Return the options of a run, from what was typed and below it from a `daemon_config.json`.

    Args:
        shell: Told what was taken, and what changes nothing.
        path: The repository, or its `lab.toml`.
        file: The config.
        limits: As typed; the finish-up of the file is planned where `--time` is longer.
        flags: As typed.

    Raises:
        UsageError: The file cannot be read (E090), or values have the wrong type (E093).
        TaskError: There is no `lab.toml`, or it is wrong (E170).
    """
    from assay.strategies.daemon import left_out, read_daemon_config
    from assay.strategies.lab import read_lab
    from assay.strategies.lab.lab import DAEMON_CONFIG

    config, say = read_daemon_config(file), shell.output.say
    idle = f"; {format_count(len(config.idle), 'key')} without use here" if config.idle else ""
    say(f" config   {one_line(str(file), 80)}: a daemon's{idle}, see docs/from-scripts.md")
    for line in left_out(config, read_lab(_folder(path)), file.parent):
        say(clean(f" config   {one_line(line, 200)}"))
    for key in config.unknown:
        say(f" warning  {UNKNOWN} {one_line(key, 120)}: no such key, so it changes nothing")
    return replace(
        flags,
        model=flags.model if flags.offline else flags.model or config.model or None,
        role_models=flags.role_models or _mentor(flags, config.model, config.mentor_model),
        name=flags.name or config.name or None,
        python=flags.python or config.python,
        finish_up=flags.finish_up or _finish_up(limits, config.finish_up_s),
        settings=(f"{DAEMON_CONFIG}={file.absolute()}", *flags.settings),
    )


def _mentor(flags: RunFlags, model: str, mentor: str) -> tuple[str, ...]:
    """Return the mentor's own model, where the file has one and nobody typed who answers."""
    own = bool(mentor) and mentor != model and flags.model is None and not flags.offline
    return (f"lab_mentor={mentor}",) if own else ()


def _finish_up(limits: LimitFlags, seconds: float) -> str | None:
    try:
        return f"{round(seconds)}s" if limits.time is not None and duration(limits.time) > seconds else None
    except ValueError:  # told with all the other problems
        return None


def _folder(path: Path) -> Path:
    from assay.strategies.lab import LAB_FILE

    return path.parent if path.name == LAB_FILE else path


def take_in_lab(path: Path) -> LabIntake:
    """Return the lab of the repository in `path`, or beside a `lab.toml` that it names.

    Raises:
        TaskError: There is no `lab.toml`, or it is wrong (E170).
    """
    from assay.strategies.lab import lab_task, read_lab

    folder = _folder(path)
    return LabIntake(lab_task(folder), read_lab(folder))
