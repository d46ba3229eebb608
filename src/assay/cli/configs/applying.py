"""Applying: a config file under what was typed; what was typed always wins, even where it equals a default."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path

from assay.cli.configs.reading import Config, read_config
from assay.cli.configs.settings import STRATEGY, Settings, settings_of
from assay.cli.configs.table import Phase
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.report.formatting import format_count

PAGE = "docs/from-configs.md"
UNKNOWN = "W230"


def configured(
    shell: Shell,
    file: Path,
    typed_strategy: str | None,
    task: TaskFlags,
    limits: LimitFlags,
    flags: RunFlags,
    environ: MutableMapping[str, str] | None = None,
) -> tuple[str, TaskFlags, LimitFlags, RunFlags]:
    """Return strategy and options of a run, from what was typed and below it from `file`.

    Args:
        shell: Told what was taken and what changes nothing.
        file: A config file of CellScientist.
        typed_strategy: None if none was typed.
        task: As typed.
        limits: As typed.
        flags: As typed.
        environ: Gets a key that the file holds, for this process alone; the process's own if None.

    Raises:
        UsageError: See `read_config`; or the file is for `assay ideas` (E094).
    """
    own = os.environ if environ is None else environ
    wanted = next((phase for phase, name in STRATEGY.items() if name == typed_strategy), None)
    config = read_config(file, wanted, environ=own)
    if config.phase is Phase.ANALYSIS:
        raise UsageError("E094", f"{file.name} configures the analysis", fix=f"assay ideas DIR --config {file}")
    settings = settings_of(config)
    strategy = typed_strategy or settings.strategy
    takes_model = flags.model is None and not flags.offline and settings.model is not None
    if takes_model:
        own.update(settings.secrets)
    _tell(shell, file, config, settings, left_aside=flags.offline and settings.model is not None)
    flags = replace(
        flags,
        model=settings.model if takes_model else flags.model,
        base_url=flags.base_url or (settings.base_url if takes_model else None),
        fix_rounds=flags.fix_rounds or settings.fix_rounds,
        prompt_file=flags.prompt_file or settings.prompt_file,
        settings=(*(settings.arguments if strategy == settings.strategy else ()), *flags.settings),
        hints=(*settings.hints, *flags.hints),
    )
    task = replace(task, metric=task.metric or settings.metric)
    return strategy, task, replace(limits, trial_timeout=limits.trial_timeout or settings.trial_timeout), flags


def _tell(shell: Shell, file: Path, config: Config, settings: Settings, *, left_aside: bool) -> None:
    say = shell.output.say
    idle = f"; {format_count(len(config.idle), 'key')} without use here, see {PAGE}" if config.idle else ""
    say(f" config   {one_line(str(file), 80)}: {config.phase.value}{idle}")
    for remark in settings.remarks:
        say(f" config   {one_line(remark, 200)}")
    if left_aside:
        say(f" config   {one_line(settings.model or '', 60)} is left aside: --offline was said")
    if settings.secrets:
        say(" config   the key in it is used for requests and kept nowhere; a variable is the safer place")
    for key in config.unknown:
        say(f" warning  {UNKNOWN} {one_line(key, 120)}: no such key, so it changes nothing")
