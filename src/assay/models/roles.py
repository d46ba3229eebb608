"""Roles: the named kinds of question, each with typed inputs and a typed reply.

A role's prompt has the same name: `operators/prompts/<role>.yaml` renders exactly the fields of its inputs.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assay.core.profile import DataProfile
from assay.core.task import Task


class Inputs(BaseModel):
    """Base of what a role is told."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Reply(BaseModel):
    """Base of what a role replies. Unknown fields are dropped: models add remarks.

    The text under each field is part of what a language model is told.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


@dataclass(frozen=True)
class Fenced:
    """Marks a field that a language model writes as a fenced block of its own, not inside JSON."""

    language: str


@dataclass(frozen=True)
class Internal:
    """Marks a field that a language model is neither told of nor heard on."""


_COMPILING = threading.Lock()


def _must_parse(code: str) -> str:
    """A script that is no Python is sent back to its author at once, instead of costing a trial."""
    try:
        # Filters of warnings belong to the whole process; an unguarded swap in two threads could lose them.
        with _COMPILING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "solution.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"code is not valid Python: {error}") from error
    return code


Script = Annotated[str, Field(min_length=1), AfterValidator(_must_parse), Fenced("python")]
"""The text of a Python file."""

Recipe = Annotated[dict[str, Any], Field(default_factory=dict), Internal()]
"""The playbook's own settings."""


class Machine(Inputs):
    """What a candidate may count on."""

    cores: int
    """Cores of one execution."""
    memory_gb: float
    """Memory of one execution."""
    gpu: str = ""
    """Name of the GPU, or empty for none."""
    trial_timeout_s: float
    """Most seconds of one execution on a fold."""
    python: str
    """Version of the interpreter that runs candidates, for example `3.11.7`."""
    packages: dict[str, str]
    """Distribution to version, of the packages useful to candidates that this interpreter can import."""


class TrialSummary(Inputs):
    """One earlier trial, as a row of the table that roles see."""

    number: int
    title: str
    operator: str
    plan: str
    parents: tuple[int, ...]
    state: str
    score: float | None
    """Mean graded search score; None when it has none."""
    std_error: float | None
    folds: int
    """Folds that the score rests on."""
    verdict: str
    wall_s: float
    """Mean seconds of one execution."""
    problem: str = ""
    """One line on why it failed or was rejected."""
    recipe: dict[str, Any] = Field(default_factory=dict)


class Brief(Inputs):
    """What every role is told: the task, the data, the machine, and what was tried."""

    task: Task
    profile: DataProfile
    machine: Machine
    history: tuple[TrialSummary, ...] = ()
    """Finished trials in order of number; never a hidden label, never a sealed score."""
    best: int | None = None
    """Number of the best trial so far."""
    noise: float | None = None
    """Gains under this are noise, in units of the metric; None when not measured."""
    remarks: tuple[str, ...] = ()
    """What a person told the run, oldest first."""
    remaining_s: float | None = None
    """Seconds left for the search; None when time is not bounded. Not for decisions of the playbook."""


class Program(Reply):
    """A complete script and the idea behind it."""

    title: str = Field(min_length=1, max_length=80)
    """The idea in a few words."""
    plan: str = Field(min_length=1)
    """Why it should work, in one to five sentences."""
    code: Script
    """The whole Python file."""
    recipe: Recipe


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


class Finding(Inputs):
    """What leaving out one part of a script did to its score."""

    part: str
    """Name of the part."""
    description: str
    effect: float | None
    """Gain lost without the part, in units of the metric, positive if the part helps; None if the variant failed."""
    noise: float | None = None
    """Standard error of `effect`."""


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


@dataclass(frozen=True, kw_only=True)
class Role:
    """A named kind of question."""

    name: str
    inputs: type[Inputs]
    reply: type[Reply]


ImproveInputs.model_rebuild()

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(name="baseline", inputs=BaselineInputs, reply=Program),
        Role(name="draft", inputs=DraftInputs, reply=Program),
        Role(name="improve", inputs=ImproveInputs, reply=Program),
        Role(name="debug", inputs=DebugInputs, reply=Repair),
        Role(name="ablate", inputs=AblateInputs, reply=Ablation),
    )
}
