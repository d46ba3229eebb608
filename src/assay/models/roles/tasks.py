"""Roles of code tasks: who writes, who reviews before and after the code ran, and who mends."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assay.models.roles.shared import Inputs, Machine, Reply, Role, Script

Reviewer = Literal["quality", "operations"]
"""`quality` judges whether the code does what the task asks and shows it honestly; `operations` whether it is safe to
run, within its means, and leaves what it must leave."""


class TaskBrief(Inputs):
    """What everybody who works on a code task is told."""

    id: str
    action: str
    """What is to be done."""
    kind: str
    """`experimental`, `documentation` or `other`."""
    rationale: str = ""
    acceptance: tuple[str, ...] = ()
    """What must hold for the task to be accepted, in words."""
    evidence: tuple[str, ...] = ()
    """What the engine looks for after the code ran, a sentence each."""
    files: tuple[str, ...] = ()
    """Files that it declares: paths or patterns."""
    context: str = ""
    """What the planners said about the whole cycle."""
    results: tuple[str, ...] = ()
    """Verified results of the tasks that this one depends on, a line each."""
    given: tuple[str, ...] = ()
    """Files that the code finds in its folder."""
    machine: Machine
    timeout_s: float
    """Most seconds of one attempt."""
    rules: tuple[str, ...] = ()
    """What earlier failures taught."""
    remarks: tuple[str, ...] = ()
    """What a person told the run."""


class TaskWriteInputs(Inputs):
    """Asks for the code of a task."""

    brief: TaskBrief


class TaskCode(Reply):
    """The code of a task."""

    plan: str = Field(min_length=1)
    """What it does and why that answers the task, in one to five sentences."""
    code: Script
    """The whole Python file."""


class BlockResult(Inputs):
    """How one block of code ran."""

    number: int
    state: str
    """`ok`, `failed`, `unfinished` or `not run`."""
    error: str = ""
    stdout: str = ""
    stderr: str = ""


class TaskReviewInputs(Inputs):
    """Asks one reviewer for a verdict on a task's code, before it runs or with its results."""

    brief: TaskBrief
    reviewer: Reviewer
    point: Literal["before", "after"]
    blocks: tuple[str, ...]
    """The whole code, block by block."""
    results: tuple[BlockResult, ...] = ()
    """How each block ran; empty before."""
    findings: tuple[str, ...] = ()
    """What the engine found wrong with the evidence; empty before, and where nothing is."""
    found: tuple[str, ...] = ()
    """Files and numbers that the engine verified, a line each; empty before."""


class TaskReview(Reply):
    """A verdict. Only `approve` without a critical flag lets the code run, or its results stand."""

    verdict: Literal["approve", "reject", "conditional"]
    """`conditional` where one thing must be changed first, which `reason` names."""
    critical: tuple[str, ...]
    """What must not be run, or must not be believed, as it is; one short sentence each. Empty if there is nothing."""
    warnings: tuple[str, ...] = ()
    """What should be known and stops nothing; one short sentence each."""
    confidence: float = Field(ge=0, le=1)
    """How sure of the verdict, from 0 to 1."""
    reason: str = Field(min_length=1)
    """Why, in one to four sentences; with line numbers where code is meant."""


class TaskPatchInputs(Inputs):
    """Asks for changed code after reviewers, the run or the evidence said no."""

    brief: TaskBrief
    blocks: tuple[str, ...]
    """The whole code as it is, block by block."""
    point: Literal["approval", "execution", "verification"]
    problem: str
    """What the reviewers objected to, how it failed, or what of the evidence is not there."""
    round: int
    """1 for the first change at this point."""


class TaskPatch(Reply):
    """Changed code. It must differ in what it does, and may reach for nothing that the old code did not reach for."""

    cause: str = Field(min_length=1)
    """What was wrong, in a sentence or two."""
    confidence: float = Field(ge=0, le=1)
    """How sure that this change mends it, from 0 to 1; below 0.7 it is not applied."""
    code: Script
    """The whole Python file, all blocks in one."""


TASK_ROLES = (
    Role(
        name="task_write",
        asked="`assay tasks run`, for a task that no response was given for",
        inputs=TaskWriteInputs,
        reply=TaskCode,
    ),
    Role(
        name="task_review",
        asked="`assay tasks run`, for each reviewer before the code runs and after",
        inputs=TaskReviewInputs,
        reply=TaskReview,
    ),
    Role(
        name="task_patch",
        asked="`assay tasks run`, after reviewers, the run or the evidence said no, up to `--retries` times each",
        inputs=TaskPatchInputs,
        reply=TaskPatch,
    ),
)
