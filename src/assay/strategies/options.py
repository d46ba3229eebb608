"""RunOptions: what a person chooses for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.budget import Limits

DEFAULT_FIX_ROUNDS = 2


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
    fix_rounds: int = DEFAULT_FIX_ROUNDS
    """Most repairs of one failing trial; 0 repairs nothing."""
    gate: bool = True
    """Whether the winner is checked once its submission is written."""
