"""Launch: everything that a run needs, put together from options; the one place where parts are chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.budget import Limits
from assay.core.task import Task
from assay.engine.observer import Observer


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a person chooses for a run."""

    limits: Limits = field(default_factory=Limits)
    strategy: str = "tree"
    model: str = "playbook"
    """`playbook`, or what `assay.models.open_model` takes, for example `openai:gpt-5`."""
    base_url: str | None = None
    seed: int = 0
    name: str | None = None
    """Name of the run; None draws one of two words."""
    runs: Path = Path("runs")
    """Folder in which the run's own folder is made."""
    sandbox: str = "auto"
    python: Path | None = None
    """Interpreter of the candidates; None means Assay's own."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Options of the strategy."""
    remarks: tuple[str, ...] = ()
    """What a person wants every question to say."""


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    folder: Path
    exit_code: int
    stopped_by: str


def launch(task: Task, options: RunOptions, observers: Sequence[Observer] = ()) -> RunEnd:
    """Start a new run and work on it until it ends.

    Args:
        task: What to work on.
        options: What a person chose.
        observers: Told of every event.

    Raises:
        AssayError: Nothing could be started; no run folder is left behind.
    """
    raise NotImplementedError


def resume(folder: Path, *, limits: Limits | None = None, observers: Sequence[Observer] = ()) -> RunEnd:
    """Take up the run in `folder` where it was left.

    Args:
        folder: The run's folder.
        limits: New limits; None keeps those in force.
        observers: Told of every event from now on.

    Raises:
        AssayError: The run cannot be taken up (held by another process, changed data, broken journal).
    """
    raise NotImplementedError
