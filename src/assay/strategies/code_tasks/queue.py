"""Queue: what is to be done, in which order, and what will count as evidence; all of it fixed before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

ANY_DOCUMENT = "output/*"
"""What a document must leave where it declares no file."""


class TaskKind(StrEnum):
    """What a task must leave to be done."""

    EXPERIMENT = "experimental"
    """A finished tracking run of its own, with metrics and artefacts."""
    DOCUMENT = "documentation"
    """Files."""
    OTHER = "other"
    """What it declares, and at least one thing."""


class Priority(StrEnum):
    """Which of two tasks that could both start goes first."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the evidence of a task must hold."""

    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    """Metrics that may be the same at all steps."""
    arms: Mapping[str, str] = field(default_factory=dict)
    """Arm of a comparison to the metric with its outcomes, one a step; no two may be identical."""
    artifacts: tuple[str, ...] = ()
    """Artefacts of the tracking run: paths or patterns."""
    files: tuple[str, ...] = ()
    """Files in the workspace: paths or patterns."""


@dataclass(frozen=True, kw_only=True)
class CodeTask:
    """One entry of the queue."""

    id: str
    action: str
    priority: Priority = Priority.MEDIUM
    kind: TaskKind = TaskKind.EXPERIMENT
    guessed: bool = False
    """Whether no type was declared, so that words of the action hinted at one."""
    owner: str = ""
    deadline: str = ""
    rationale: str = ""
    acceptance: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    """Ids of tasks that must be completed first."""
    expected: Expected = field(default_factory=Expected)
    timeout_s: float | None = None
    """Most seconds of one attempt; None means that of the run."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One side of a comparison: a metric in the verified evidence of a task, one value a step."""

    task: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One condition of the decision, registered before anything runs."""

    name: str
    treatment: Arm
    control: Arm
    paired: bool = True
    """Whether the values of equal steps belong together (the same seed, the same fold)."""
    higher_is_better: bool = True
    min_gain: float = 0.0
    """The gain to be exceeded, in units of the metric."""
    min_effect: float = 0.0
    """The smallest standardised effect (Cohen's d) that matters, 0 or more."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A cycle's tasks and the criteria of its decision."""

    meeting: str
    generated: str = ""
    context: str = ""
    tasks: tuple[CodeTask, ...] = ()
    """In the order of the file."""
    criteria: tuple[Criterion, ...] = ()
    alpha: float = 0.05
    """Level of the decision over all criteria together, in (0, 0.5)."""
    remarks: tuple[str, ...] = ()
    """What was guessed or left aside when the file was read."""

    def task(self, id: str) -> CodeTask:
        """Return the task of this id."""
        return next(task for task in self.tasks if task.id == id)


def in_order(tasks: Sequence[CodeTask]) -> tuple[CodeTask, ...]:
    """Return `tasks` so that each comes after those that it depends on, and of those that could start the most urgent.

    Ties go by the order of the file.

    Raises:
        ValueError: Some depend on each other in a circle; the message names them.
    """
    left, done, order = list(tasks), set[str](), list[CodeTask]()
    urgency = list(Priority)
    while left:
        ready = [task for task in left if done.issuperset(task.dependencies)]
        if not ready:
            raise ValueError(f"{', '.join(task.id for task in left)} wait for each other in a circle")
        chosen = min(ready, key=lambda task: urgency.index(task.priority))
        order.append(chosen)
        done.add(chosen.id)
        left.remove(chosen)
    return tuple(order)


def in_waves(tasks: Sequence[CodeTask], *, known: Collection[str] = ()) -> tuple[tuple[CodeTask, ...], ...]:
    """Return `tasks` in groups, each of which depends on earlier groups alone: those of one may be done side by side.

    Args:
        tasks: As `in_order` gives them; the order within a group is theirs.
        known: Ids of tasks that are not among them.
    """
    left, waves, done = list(tasks), list[tuple[CodeTask, ...]](), set(known)
    while left:
        wave = tuple(task for task in left if done.issuperset(task.dependencies))
        waves.append(wave)
        done |= {task.id for task in wave}
        left = [task for task in left if task not in wave]
    return tuple(waves)
