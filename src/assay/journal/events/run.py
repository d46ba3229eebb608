"""Events of the run as a whole: its start, its phases and steps, its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from assay.core.budget import Limits
from assay.core.prices import Prices
from assay.core.task import Task
from assay.journal.events.payload import Payload


@dataclass(frozen=True, kw_only=True)
class RunStarted(Payload):
    """The first event: everything that is fixed for the run."""

    kind: ClassVar[str] = "run-started"
    run: str
    """Name of the run."""
    task: Task
    """What is to be done, complete."""
    task_digest: str
    """Digest of the task; a run is taken up only with the same one."""
    strategy: str
    """Name of the search."""
    model: str
    """Who answers, as `--model` names it."""
    seed: int
    limits: Limits
    """What ends the run."""
    sandbox: str
    """Tier."""
    sandbox_description: str = ""
    """What the tier keeps from candidates, in words."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """`assay`, `python` and the distributions that candidates can import."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Options of the strategy."""
    prices: Prices | None = None
    """What the model's tokens cost, for the whole run; None where nobody is paid, and in old journals."""
    pid: int = 0
    given: str = ""
    """Digest of what was known of data and machine, as an object: a search can be walked again where neither is there.
    Empty in old journals."""


@dataclass(frozen=True, kw_only=True)
class RunResumed(Payload):
    """An engine process took the run over; time between the last event and this one does not count."""

    kind: ClassVar[str] = "run-resumed"
    limits: Limits | None = None
    """New limits, if they were changed."""
    prices: Prices | None = None
    """Prices from here on, where those before were unknown."""
    sandbox: str = ""
    """Tier from here on; empty in old journals."""
    pid: int = 0

    @property
    def takes_time(self) -> bool:
        """Nobody worked on the run before this."""
        return False


@dataclass(frozen=True, kw_only=True)
class PhaseEntered(Payload):
    """The run went on to another phase: baseline, search, finish."""

    kind: ClassVar[str] = "phase-entered"
    phase: str
    """Its name."""


@dataclass(frozen=True, kw_only=True)
class StepFinished(Payload):
    """A step of the strategy is done and will not be walked again on resume."""

    kind: ClassVar[str] = "step-finished"
    step: int
    summary: str = ""
    """What came of it, in a line."""


@dataclass(frozen=True, kw_only=True)
class Remarked(Payload):
    """Something a person should know: a warning, a degraded mode, a provider waiting."""

    kind: ClassVar[str] = "remarked"
    code: str
    """`W` and three digits; `assay explain CODE` says more."""
    text: str
    """What happened, in a sentence."""
    jump_s: float = 0.0
    """Seconds by which the clock went ahead while nothing ran: no time of running."""


@dataclass(frozen=True, kw_only=True)
class RunFinished(Payload):
    """The last event of a run that ended by itself."""

    kind: ClassVar[str] = "run-finished"
    stopped_by: str
    """`trials`, `time`, `cost`, `tokens`, `goal`, `user`, `exhausted`, or an error's code."""
    exit_code: int
    """Of the engine, before `--require-gain` is looked at."""
    winner: int | None = None
    """Number of the trial that is handed in; None if there is none."""
    shrunk_score: float | None = None
    """The winner's search score after the correction for the best of many."""
    wall_s: float = 0.0
    """Seconds of running, pauses not counted."""
    cost_usd: Decimal | None = None
    """Money for model calls, in US dollars; None where it is not known."""
