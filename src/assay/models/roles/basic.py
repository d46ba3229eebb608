"""Roles of every search: baseline, draft, improve, debug, ablate."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from assay.core.weakness import Weakness
from assay.models.roles.shared import Brief, Finding, Inputs, Program, Recipe, Reply, Role, Script, TrialSummary


class DraftInputs(Inputs):
    """Asks for a new solution, unlike those tried."""

    brief: Brief
    index: int
    """0 for the first draft of the run, and so on."""


class BaselineInputs(Inputs):
    """Asks for one of the two baselines that every run starts with."""

    brief: Brief
    name: Literal["constant", "boosting"]
    """`constant` predicts from the target alone; `boosting` is one plain gradient boosting with default settings."""


class ImproveInputs(Inputs):
    """Asks for a better version of one trial's script."""

    brief: Brief
    parent: TrialSummary
    code: str
    """The parent's whole script."""
    findings: tuple[Finding, ...] = ()
    """What ablation measured on the parent or its ancestors."""
    attempts: tuple[TrialSummary, ...] = ()
    """Earlier improvements of the same parent."""
    index: int
    """How many improvements of this parent were asked for before."""
    lane: int = 0
    """Which of the steps side by side asks, 0 .. lanes-1; they do not see each other."""
    lanes: int = 1
    """How many steps may be side by side."""
    weakness: Weakness | None = None
    """Where the parent is wrong; None where that is not known."""


class DebugInputs(Inputs):
    """Asks for a version of a failing script that runs."""

    brief: Brief
    code: str
    error: str
    """What went wrong, with the end of the traceback or the reason why the output is invalid."""
    outcome: str
    """The execution's outcome, for example `error` or `timeout`."""
    round: int
    """1 for the first repair of the trial."""
    same_as_before: bool = False
    """Whether the last repair ended in the same failure."""
    recipe: dict[str, Any] = Field(default_factory=dict)


class Repair(Reply):
    """A mended script."""

    cause: str
    """What was wrong, in a sentence."""
    code: Script
    """The whole mended Python file."""
    recipe: Recipe


class AblateInputs(Inputs):
    """Asks for variants of a script, each with one part left out or made plain."""

    brief: Brief
    parent: TrialSummary
    code: str
    studied: tuple[Finding, ...] = ()
    """What earlier ablations of this script found; study other parts."""


class Variant(Reply):
    """The script with one part left out or made plain."""

    part: str = Field(min_length=1, max_length=60)
    """Name of the part, in a few words."""
    description: str
    """What stands in its place, in a sentence."""
    code: Script
    """The whole Python file of the variant."""
    recipe: Recipe


class Ablation(Reply):
    """Two to four variants to run."""

    variants: tuple[Variant, ...] = Field(min_length=1, max_length=4)
    """Two to four variants, the part that matters most first."""


BASIC_ROLES = (
    Role(
        name="baseline", asked="every graded search, twice, before anything else", inputs=BaselineInputs, reply=Program
    ),
    Role(name="draft", asked="strategy `tree`, for every new solution", inputs=DraftInputs, reply=Program),
    Role(
        name="improve",
        asked="strategy `tree`, for every better version of a trial",
        inputs=ImproveInputs,
        reply=Program,
    ),
    Role(
        name="debug",
        asked="the engine, when a script fails, up to `--fix-rounds` times a trial",
        inputs=DebugInputs,
        reply=Repair,
    ),
    Role(
        name="ablate",
        asked="strategies `tree` and `mle_star`, on the best script so far",
        inputs=AblateInputs,
        reply=Ablation,
    ),
)
