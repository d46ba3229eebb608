"""Roles of the strategy `lab`: a worker that runs one experiment after another, and a mentor who reviews its course."""

from __future__ import annotations

from math import isnan
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from assay.models.roles.lab_view import Category, LabView
from assay.models.roles.shared import Inputs, Internal, Reply, Role

Action = Literal["run", "wait", "stop", "finish"]
"""What a cycle may do: start an experiment, leave things as they are, end the one under way, or end the lab's work."""


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
    """New items for the queue, at most two, each with at least five words that tell something."""
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
    Role(name="lab_worker", asked="strategy `lab`, once a cycle", inputs=WorkerInputs, reply=Decision, search=True),
    Role(
        name="lab_mentor",
        asked="strategy `lab`, every few cycles and when the work is stuck",
        inputs=MentorInputs,
        reply=Review,
        search=True,
    ),
)
