"""Shell: what every command is handed besides its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.output import Output

if TYPE_CHECKING:
    from assay.cli.notify.channels import Channel


@dataclass(kw_only=True)
class Shell:
    """One invocation of `assay`."""

    output: Output
    argv: tuple[str, ...] = ()
    """What was typed after the program's name."""
    run_folder: Path | None = None
    """The run that a command works on, once it is known: a crash file goes there."""
    run_name: str = ""
    """Its name, for what is said after an interruption."""
    channel: Channel | None = None
    """Where notices of the run go."""
    signals: list[int] = field(default_factory=list)
    """Signals received so far that ask for an end."""
