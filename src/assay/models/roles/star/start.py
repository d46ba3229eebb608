"""How a path of `mle_star` starts: models are looked up, tried one by one, and merged."""

from __future__ import annotations

from pydantic import Field

from assay.core.weakness import Weakness
from assay.models.roles.shared import (
    Brief,
    Inputs,
    Recipe,
    Reply,
    TrialSummary,
)
from assay.models.roles.star.passage import Passage


class Known(Inputs):
    """An entry of the local catalogue that fits the task."""

    name: str
    summary: str
    """What it is good at, what it costs, what it needs."""
    why: str
    """Why it was chosen for this task."""
    example: str
    """A few lines of use."""


class ModelIdea(Reply):
    """A model that suits the task, with the code that shows its use."""

    name: str = Field(min_length=1, max_length=80)
    """Name of the model and of what makes it fit, in a few words."""
    why: str
    """Why it suits this task, data and machine, in one or two sentences."""
    example: Passage
    """Ten to forty lines that show how it is used on data like these, from loaded frames to predictions."""
    recipe: Recipe


class Retrieval(Reply):
    """Models to start from."""

    models: tuple[ModelIdea, ...] = Field(min_length=1, max_length=8)
    """The models, the one that you would bet on first."""


class RetrieveInputs(Inputs):
    """Asks for models that are known to work on tasks like this one."""

    brief: Brief
    count: int
    """How many are wanted."""
    path: int
    """0 .. paths-1: which of the independent searches asks."""
    paths: int
    """How many search side by side, unseen by each other."""
    known: tuple[Known, ...] = ()
    """What the catalogue offers; with web search these are a start, without they are all there is."""
    research: str = ""
    """What the researcher found, where one was asked."""
    hints: tuple[str, ...] = ()
    """What a person wants tried."""
    search: bool = False
    """Whether the model may look on the web."""


class ResearchInputs(Inputs):
    """Asks for what is known about tasks like this one, before any model is chosen."""

    brief: Brief
    known: tuple[Known, ...] = ()
    hints: tuple[str, ...] = ()
    search: bool = False
    """Whether the model may look on the web."""


class Research(Reply):
    """What is known about tasks like this one."""

    models: tuple[str, ...] = ()
    """Families of models that do well, the best first."""
    features: tuple[str, ...] = ()
    """Features or views of the data that carry signal."""
    preprocessing: tuple[str, ...] = ()
    """Steps of preparation that matter, and traps."""
    insights: tuple[str, ...] = ()
    """Anything else that decides such tasks."""
    summary: str
    """What you would build first, second and third, and why, in three to six sentences."""


class InitInputs(Inputs):
    """Asks for a simple script around one retrieved model."""

    brief: Brief
    model: ModelIdea


class Solution(Inputs):
    """A script that was run, with its result."""

    trial: TrialSummary
    code: str
    weakness: Weakness | None = None
    """Where it is wrong; None where that is not known, or of no use to who is asked."""


class MergeInputs(Inputs):
    """Asks for one script that holds the models of two."""

    brief: Brief
    base: Solution
    """The best so far; what is merged goes into it."""
    other: Solution
