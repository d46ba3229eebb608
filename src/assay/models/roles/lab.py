"""Roles of the strategy `lab`: a worker that runs one experiment after another, and a mentor who reviews its course."""

from __future__ import annotations

from math import isnan
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from assay.models.roles.shared import Inputs, Internal, Reply, Role

Action = Literal["run", "wait", "stop", "finish"]
"""What a cycle may do: start an experiment, leave things as they are, end the one under way, or end the lab's work."""

Category = Literal[
    "augmentation", "preprocessing", "data_sampling", "loss", "model_arch", "optimization", "evaluation", "other"
]
"""What kind of idea an experiment tries."""


def _stays_inside(path: str) -> str:
    """A path that could lead out of the checkout is sent back to its author."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or ".git" in parts or "\\" in path or "\x00" in path:
        raise ValueError(f"{path!r} is no path inside the repository, written with /")
    return path


LEAST_WATCH_S, MOST_WATCH_S = 15, 7_200


def _within(value: object) -> object:
    """Bring a number of seconds into its bounds: what was meant is plain, so nothing is sent back for it."""
    if not isinstance(value, int | float) or isnan(value):
        return value
    return round(min(MOST_WATCH_S, max(LEAST_WATCH_S, value)))


RelativePath = Annotated[str, Field(min_length=1, max_length=240), AfterValidator(_stays_inside)]
"""A path inside the repository, with `/`."""


# --- what the lab knows ----------------------------------------------------------------------------------------------


class Option(Inputs):
    """Something of the repository that may be set by an experiment."""

    name: str
    """As people call it, such as `lr`, or a key of the configuration file."""
    flag: str = "--{name} {value}"
    """What is put after the command to set it."""
    default: str
    values: tuple[str, ...] = ()
    """Values that make sense, in order; empty where `low` and `high` bound it."""
    low: float | None = None
    high: float | None = None
    log: bool = False
    """Whether its scale is logarithmic."""
    category: Category = "other"
    help: str = ""


class Experiment(Inputs):
    """One experiment that was started, as a row of the table that both roles see."""

    number: int
    label: str
    category: str
    command: str
    changed: str = ""
    """Options or files in which it differs from the default, in a line."""
    settings: dict[str, str] = Field(default_factory=dict)
    """The playbook's own record of the options that it set."""
    state: str
    """running, complete, failed, stopped, lost."""
    score: float | None = None
    """What the experiment's own files say; reported, not graded."""
    delta: float | None = None
    """Gain over the best one before it, in the better direction; None where either has no score."""
    repeats: int = 1
    """Runs of this very command that the score is the mean of."""
    wall_s: float = 0.0
    problem: str = ""
    """Why there is no score, in a line."""


class Running(Inputs):
    """The experiment under way."""

    number: int
    label: str
    command: str
    elapsed_s: float
    silent_s: float | None = None
    """Since it last printed something; None if it never did."""
    tail: str = ""
    """The end of what it printed."""


class Todo(Inputs):
    """An open item of the shared queue."""

    id: str
    by: str
    """worker or mentor."""
    text: str


class Signals(Inputs):
    """How the course of the work looks, each 0 to 1, computed from the journal."""

    research: float = 0.0
    """It is time to look for ideas outside."""
    non_training: float = 0.0
    """It is time to do something else than train: look at data or errors."""
    breakout: float = 0.0
    """It is time to leave the present line of work."""
    drift: bool = False
    """The last ideas only turn small screws."""
    data_gap: bool = False
    """None of the last ideas touched the data."""
    streak: int = 0
    """Experiments in a row that did not beat the best. Waiting counts for nothing."""


class LabView(Inputs):
    """What both roles are told: the mission, what was tried, what is remembered, how time stands."""

    mission: str
    rules: tuple[str, ...] = ()
    metric: str
    """Name of the reported number that counts."""
    higher_is_better: bool
    command: str
    """The default experiment."""
    options: tuple[Option, ...] = ()
    files: tuple[str, ...] = ()
    """Files of the repository that may be edited."""
    machine: str = ""
    """Cores, memory, GPU and interpreter, in a line."""
    cycle: int = 1
    """Counted from 1."""
    left_s: float | None = None
    """Until the search ends; None if nothing ends it."""
    phase: str = "search"
    """search, final_training or reporting."""
    experiment_s: float | None = None
    """Most seconds of one experiment."""
    noise: float | None = None
    """Gains under this come from chance: spread of repeated runs of one command. None when not measured."""
    experiments: tuple[Experiment, ...] = ()
    best: int | None = None
    """Number of the best experiment."""
    running: Running | None = None
    last_failure: str = ""
    """The end of the log of the last experiment, if it failed."""
    signals: Signals = Signals()
    storyline: tuple[str, ...] = ()
    """One line a cycle, the latest last."""
    workpad: str = ""
    """The worker's own notes."""
    mentor_notes: str = ""
    todos: tuple[Todo, ...] = ()
    """The queue's focus: some of the oldest and the newest."""
    todos_open: int = 0
    """All that are open."""
    remarks: tuple[str, ...] = ()
    """What a person told the run, oldest first."""


# --- worker ----------------------------------------------------------------------------------------------------------


class FileEdit(Reply):
    """A file of the experiment's own checkout, written anew; the user's files are never touched."""

    path: RelativePath
    """Where, relative to the repository."""
    text: str
    """The whole new text."""


class Housekeeping(Reply):
    """What the worker wants remembered."""

    todo_new: tuple[Annotated[str, Field(max_length=220)], ...] = Field(default=(), max_length=2)
    """New items for the queue, at most two."""
    notes: str = Field(default="", max_length=500)
    """A note for the workpad; empty for none."""
    data_notes: str = Field(default="", max_length=500)
    """What was learnt of the data; empty for nothing."""
    todo_done: tuple[Annotated[str, Field(max_length=64)], ...] = Field(default=(), max_length=6)
    """Ids of items that are settled, at most six."""


class Decision(Reply):
    """What to do in this cycle: one action."""

    action: Action
    """run, wait, stop or finish."""
    rationale: str = Field(min_length=1, max_length=2_000)
    """Why this, now: what the results so far say, and what is expected of it."""
    command: str = Field(default="", max_length=4_000)
    """The shell line to run from the repository's root; empty unless the action is run."""
    label: str = Field(default="", max_length=60)
    """A few words that name the experiment; empty unless the action is run."""
    category: Category = "other"
    """What kind of idea it is."""
    edits: tuple[FileEdit, ...] = Field(default=(), max_length=8)
    """Files that this experiment has otherwise than the repository."""
    monitor_s: Annotated[int, BeforeValidator(_within)] = Field(default=600, ge=LEAST_WATCH_S, le=MOST_WATCH_S)
    """How long to watch it before the next cycle, in seconds; it goes on after that."""
    stop_patterns: tuple[Annotated[str, Field(min_length=1, max_length=120)], ...] = Field(default=(), max_length=8)
    """Plain texts in its output on which to end it at once, such as `loss=nan`."""
    housekeeping: Housekeeping = Housekeeping()
    """What is to be remembered; every field may stay empty."""
    settings: Annotated[dict[str, str], Field(default_factory=dict), Internal()]
    """The playbook's own record of the options that it set."""


class WorkerInputs(Inputs):
    """Asks what this cycle should do."""

    view: LabView
    challenge: str = ""
    """What the mentor last objected to, if it was not settled since."""
    refused: tuple[str, ...] = ()
    """Why the last decision was not carried out."""


# --- mentor ----------------------------------------------------------------------------------------------------------


class Review(Reply):
    """A mentor's word on the course of the work."""

    trajectory: Literal["on_track", "off_track"]
    """Whether the last experiments lead to the goal."""
    recommendation: Literal["continue", "challenge"]
    """challenge puts something in the place of the worker's decision."""
    critique: str = Field(min_length=20, max_length=3_000)
    """What the results show, and what is missed."""
    questions: tuple[Annotated[str, Field(max_length=300)], ...] = Field(default=(), max_length=1)
    """A question that the worker must answer, at most one."""
    notes: str = Field(default="", max_length=1_000)
    """What the mentor wants remembered; empty for nothing."""
    todo_new: tuple[Annotated[str, Field(max_length=220)], ...] = Field(default=(), max_length=1)
    """A new item for the queue, only with a challenge."""
    suggestion: Decision | None = None
    """What to do instead: needed with a challenge, absent otherwise."""

    @model_validator(mode="after")
    def _a_challenge_is_concrete(self) -> Self:
        if self.recommendation == "challenge" and self.suggestion is None:
            raise ValueError("a challenge needs a suggestion: the decision to take instead")
        if self.suggestion is not None and self.suggestion.action == "run" and not self.suggestion.command.strip():
            raise ValueError("a suggested run needs its command")
        return self


class MentorInputs(Inputs):
    """Asks for a review of the worker's decision and of the course of the work."""

    view: LabView
    proposed: Decision
    reasons: tuple[str, ...]
    """Why a review is due, such as `every 4 cycles` or `5 experiments without a gain`."""
    may_replace: bool = True
    """Whether a challenge's suggestion will be carried out."""


LAB_ROLES = (
    Role(name="lab_worker", inputs=WorkerInputs, reply=Decision),
    Role(name="lab_mentor", inputs=MentorInputs, reply=Review),
)
