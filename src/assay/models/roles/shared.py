"""What the inputs and replies of all roles are made of."""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assay.core.profile import DataProfile
from assay.core.task import Task

COMMON = {
    "block": "The passage to work on.",
    "brief": "The task, the data, the machine, and what was tried.",
    "cells": "The notebook, cell by cell.",
    "code": "The whole script.",
    "dependencies": "Which subtasks wait for which.",
    "earlier": "Those before, with what came of them.",
    "established": "What held on rows that no notebook saw.",
    "findings": "What ablation measured.",
    "hints": "What a person wants tried.",
    "iteration": "1 for the first notebook.",
    "known": "What the catalogue that ships with Assay holds on such tasks.",
    "model": "The retrieved model.",
    "new_subtasks": "Parts of the work that are not in the graph of tasks yet.",
    "other": "The script whose model is added.",
    "papers": "What the literature says on such tasks, quoted and marked.",
    "parent": "The trial that is worked on.",
    "plan": "What is to be done.",
    "point": "When it is asked: at which point of the task's course.",
    "proposed": "The decision that is reviewed.",
    "purpose": "What the change is for.",
    "recipe": "The playbook's own settings; nothing that a language model is told of.",
    "reviewer": "Which reviewer is asked.",
    "rounds": "The rounds before, with what came of them.",
    "solutions": "The solutions to combine.",
    "strategy": "What the notebook is to do.",
    "subtask_updates": "What is known anew of parts in the graph of tasks.",
    "title": "What it is called.",
    "view": "The mission, what was tried, what is remembered, how time stands.",
    "winner": "The trial that is to be handed in.",
}
"""What a field of a question means wherever it says nothing else."""


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
    scores: dict[str, float] = Field(default_factory=dict)
    """Graded score by fold, for comparisons fold by fold."""
    recipe: dict[str, Any] = Field(default_factory=dict)


class Brief(Inputs):
    """What every role is told: the task, the data, the machine, and what was tried."""

    task: Task
    """What is to be done: files, target, metric, split."""
    profile: DataProfile
    """What the data look like: columns with their kinds, ranges and gaps."""
    machine: Machine
    """What a candidate may count on: cores, memory, packages."""
    history: tuple[TrialSummary, ...] = ()
    """Finished trials in order of number; never a hidden label, never a sealed score."""
    best: int | None = None
    """Number of the best trial so far."""
    noise: float | None = None
    """Gains under this are noise, in units of the metric; None when not measured."""
    remarks: tuple[str, ...] = ()
    """What a person told the run, oldest first."""
    lessons: tuple[str, ...] = ()
    """Failures that several scripts met, a sentence each."""
    remaining_s: float | None = None
    """Seconds left for the search; None when time is not bounded. Not for decisions of the playbook."""
    stage: str = ""
    """The part of the search that asks, in a few words; empty where the strategy knows no parts."""
    stage_s: float | None = None
    """Seconds of `remaining_s` that this part may still use; None where no share of the time is its own."""


class Program(Reply):
    """A complete script and the idea behind it."""

    title: str = Field(min_length=1, max_length=80)
    """The idea in a few words."""
    plan: str = Field(min_length=1)
    """Why it should work, in one to five sentences."""
    code: Script
    """The whole Python file."""
    recipe: Recipe


class Finding(Inputs):
    """What leaving out one part of a script did to its score."""

    part: str
    """Name of the part."""
    description: str
    effect: float | None
    """Gain lost without the part, in units of the metric, positive if the part helps; None if the variant failed."""
    noise: float | None = None
    """Standard error of `effect`."""
    left_out: str = ""
    """The lines of the script that the variant lacks or has otherwise; empty where that is not known."""
    instead: str = ""
    """What stands in their place; empty where nothing does."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """A named kind of question."""

    name: str
    asked: str
    """Who asks it, and when, in a few words."""
    inputs: type[Inputs]
    reply: type[Reply]
    search: bool = False
    """Whether a model that can may search the web before it answers."""
