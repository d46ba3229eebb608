"""What worker and mentor of a lab are told: its mission, what was tried, what is remembered, how time stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assay.models.roles.shared import Inputs

Category = Literal[
    "augmentation", "preprocessing", "data_sampling", "loss", "model_arch", "optimization", "evaluation", "other"
]
"""What kind of idea an experiment tries."""


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


class Paired(Inputs):
    """How an experiment compares with the default where both report values that can be paired, such as folds."""

    gain: float
    """Mean over the pairs, positive is better."""
    low: float
    """Lower end of its 95 % interval."""
    high: float


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
    paired: Paired | None = None
    """Against the default, pair by pair; None where nothing can be paired."""
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


class SourceText(Inputs):
    """A file, as far as it is shown."""

    path: str
    text: str
    may_edit: bool = False
    """Whether an experiment may have it otherwise."""
    cut: bool = False
    """Whether only its beginning is shown."""


class PastCycle(Inputs):
    """What was decided in an earlier cycle, and what came of it."""

    number: int
    action: str
    label: str = ""
    source: str = "worker"
    """Whose decision it was."""
    rationale: str = ""
    outcome: str = ""


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
    sources: tuple[SourceText, ...] = ()
    """Files of the repository, those that may be edited first."""
    machine: str = ""
    """Cores, memory, GPU and interpreter, in a line."""
    packages: tuple[str, ...] = ()
    """Useful distributions that are installed, each with its version."""
    may_install: tuple[str, ...] | None = None
    """Modules that the engine installs where an experiment misses one; None where it installs nothing."""
    search: bool = False
    """Whether whoever answers may search the web."""
    dated: str = ""
    """Month of the catalogue that `known` is from."""
    known: tuple[str, ...] = ()
    """What the catalogue that ships with Assay knows of such work, a line each; where the web cannot be searched."""
    cycle: int = 1
    """Counted from 1."""
    left_s: float | None = None
    """Until the search ends; None if nothing ends it."""
    phase: str = "search"
    """search, final_training or reporting."""
    experiment_s: float | None = None
    """Most seconds of one experiment."""
    usual_s: float | None = None
    """Seconds that an experiment with a score took lately; None before the first."""
    most_watch_s: float | None = None
    """Longest that one cycle stays with an experiment; None where nothing bounds it."""
    noise: float | None = None
    """Gains under this come from chance: spread of repeated runs of one command. None when not measured."""
    experiments: tuple[Experiment, ...] = ()
    best: int | None = None
    """Number of the best experiment."""
    best_files: tuple[SourceText, ...] = ()
    """Files that the best experiment has otherwise than the repository."""
    running: Running | None = None
    last_failure: str = ""
    """The end of the log of the last experiment, if it failed."""
    signals: Signals = Signals()
    repairs: tuple[str, ...] = ()
    """What the lab did, or refused to do, by itself after failures; a line each, the latest last."""
    recent: tuple[PastCycle, ...] = ()
    """The last cycles, the latest last."""
    storyline: tuple[str, ...] = ()
    """One line a cycle, the latest last."""
    workpad: str = ""
    """The worker's own notes."""
    mentor_notes: str = ""
    not_queued: tuple[str, ...] = ()
    """What the last cycle wanted in the queue and the queue did not take, each with the reason."""
    todos: tuple[Todo, ...] = ()
    """The queue's focus: some of the oldest and the newest."""
    todos_open: int = 0
    """All that are open."""
    remarks: tuple[str, ...] = ()
    """What a person told the run, oldest first."""
