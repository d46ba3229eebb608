"""RunOptions: what a person chooses for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.budget import Limits
from assay.core.reference import Reference
from assay.core.rehearse import Rehearse
from assay.engine.noise import RESEEDS
from assay.journal.history import worth_a_try
from assay.models.opening import address_for
from assay.strategies.known import TAKE_HINTS

DEFAULT_FIX_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a person chooses for a run."""

    limits: Limits = field(default_factory=Limits)
    strategy: str = "tree"
    model: str = "playbook"
    """`playbook`, or what `assay.models.open_model` takes, for example `openai:gpt-5`."""
    role_models: Mapping[str, str] = field(default_factory=dict)
    """Models that answer single roles in the place of `model`, by role, each named as that is."""
    base_url: str | None = None
    seed: int = 0
    name: str | None = None
    """Name of the run; None draws one of two words."""
    runs: Path = Path("runs")
    """Folder in which the run's own folder is made."""
    sandbox: str = "auto"
    executor: str = "local"
    """Where solutions run: `local`, or a Ray cluster as `assay.sandbox.cluster.executor` reads it."""
    python: Path | None = None
    """Interpreter of the candidates; None means Assay's own."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Options of the strategy."""
    variants: Mapping[str, str] = field(default_factory=dict)
    """Variants of prompts to take, by role."""
    remarks: tuple[str, ...] = ()
    """What a person wants every question to say."""
    hints: tuple[str, ...] = ()
    """Models, notes and ideas that a person wants tried."""
    blocks: tuple[str, ...] = ()
    """Passages of code that a person wants refined first, as they stand in a script."""
    references: tuple[Reference, ...] = ()
    """Published solutions that the winner is compared with at the end."""
    fix_rounds: int = DEFAULT_FIX_ROUNDS
    """Most repairs of one failing trial; 0 repairs nothing."""
    reseeds: int = RESEEDS
    """Fresh partitions that the baseline is run on to measure the noise, at most; fewer than two leave it unknown, and
    then no gain is called real."""
    rehearse: Rehearse = Rehearse.AUTO
    """Which candidates are run on few rows before their first whole fold."""
    finish_up_s: float | None = None
    """Seconds before the time limit at which the search hands over to the finish; None leaves it to the engine."""
    gate: bool = True
    """Whether the winner is checked once its submission is written."""

    warm: bool = True
    """Whether sandboxes are started ahead where that helps: it changes when things are done, and nothing else."""

    mlflow: str = ""
    """Address of the experiment store that shows every trial, without any password; `auto` for the one in the folder of
    runs, wherever that lies and if there is MLflow, when the run is taken up; empty for none."""

    def model_of(self, role: str) -> tuple[str, str | None]:
        """Return the model that answers a role, and the address at which it is asked; None for its own."""
        spec = self.role_models.get(role, self.model)
        return spec, address_for(spec, self.model, self.base_url)

    @property
    def told(self) -> tuple[str, ...]:
        """What the run is told at its start: the remarks, and the hints where the strategy retrieves no models."""
        if self.strategy in TAKE_HINTS:
            return self.remarks
        return (*self.remarks, *(worth_a_try(hint) for hint in self.hints))
