"""Roles of the strategy `mle_star`, named after the agents of the paper (Nam et al. 2025, arXiv:2506.15692).

Its debugger and its ablation agent are the basic roles `debug` and `ablate`; whoever corrects a leak, brings in unused
data or prepares the last fit is the coder, `code`, with another purpose.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from assay.core.weakness import Weakness
from assay.models.roles.shared import (
    Brief,
    Fenced,
    Finding,
    Inputs,
    Program,
    Recipe,
    Reply,
    Role,
    TrialSummary,
)

Purpose = Literal["refine", "leakage", "data_usage", "finalize"]
"""Why a block is rewritten."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("the block is empty")
    return text


Passage = Annotated[str, Field(min_length=1), AfterValidator(_not_blank), Fenced("python")]
"""Some whole lines of a Python file."""


# --- retrieval -------------------------------------------------------------------------------------------------------


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


# --- initial solutions -----------------------------------------------------------------------------------------------


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


# --- refinement ------------------------------------------------------------------------------------------------------


class SummarizeInputs(Inputs):
    """Asks what an ablation showed."""

    brief: Brief
    parent: TrialSummary
    code: str
    findings: tuple[Finding, ...]
    """Measured now."""
    earlier: tuple[str, ...] = ()
    """Summaries of earlier ablations on this path."""


class Summary(Reply):
    """What an ablation showed."""

    summary: str = Field(min_length=1)
    """Three to six sentences: which parts carry the score, which do nothing or hurt, what is still unstudied."""


class ExtractInputs(Inputs):
    """Asks for the blocks of a script that are worth work, with a plan for each."""

    brief: Brief
    parent: TrialSummary
    code: str
    summary: str
    """What the last ablation showed."""
    findings: tuple[Finding, ...] = ()
    refined: tuple[str, ...] = ()
    """Blocks that were worked on before."""
    wanted: tuple[str, ...] = ()
    """Blocks that a person wants worked on first."""
    problem: str = ""
    """What was wrong with the last answer to this question; empty at first."""
    weakness: Weakness | None = None
    """Where the parent is wrong; None where that is not known."""


class Target(Reply):
    """A block of the script and a plan for it."""

    title: str = Field(default="", max_length=80)
    """The change in a few words."""
    block: Passage
    """The block: whole lines, copied exactly as they stand in the script."""
    plan: str = Field(min_length=1)
    """What takes its place, what of it stays, and why, in three to five sentences."""


class Extraction(Reply):
    """Blocks worth work."""

    targets: tuple[Target, ...] = Field(min_length=1, max_length=3)
    """One to three blocks, the most promising first."""


class Attempt(Inputs):
    """A plan that was carried out, and what came of it."""

    plan: str
    trial: TrialSummary | None = None
    """None when no script came of it."""
    code: str = ""
    """What stands in the block's place there; told of the best attempt alone."""


class PlanInputs(Inputs):
    """Asks for the next plan for a block."""

    brief: Brief
    parent: TrialSummary
    code: str
    block: str
    summary: str = ""
    """What the last ablation showed."""
    attempts: tuple[Attempt, ...]
    """All plans for this block so far, in order."""
    adds_up: bool = False
    """Whether the script holds the attempts that helped already; else each was made from this very script."""
    weakness: Weakness | None = None
    """Where the best attempt is wrong, or the parent if none beat it; None where that is not known."""


class Plan(Reply):
    """A plan."""

    title: str = Field(min_length=1, max_length=80)
    """The change in a few words."""
    plan: str = Field(min_length=1)
    """What to do and why, in three to five sentences."""


class CodeInputs(Inputs):
    """Asks for a block to be rewritten."""

    brief: Brief
    code: str
    """The whole script."""
    block: str
    """The lines that are rewritten; the rest stays as it is."""
    plan: str
    earlier: str = ""
    """What stands in the block's place in the best attempt so far; empty where there is none."""
    purpose: Purpose = "refine"
    recipe: Annotated[dict[str, Any], Field(default_factory=dict)]
    """The playbook's own settings of the script."""


class Block(Reply):
    """A rewritten block."""

    code: Passage
    """The lines that take the block's place, indented as the block was."""
    imports: tuple[str, ...] = ()
    """Import statements that the new lines need and the script lacks, one each; they go to the top."""
    recipe: Recipe


# --- ensembles -------------------------------------------------------------------------------------------------------


class EnsemblePlanInputs(Inputs):
    """Asks how to combine the solutions of all paths."""

    brief: Brief
    solutions: tuple[Solution, ...]
    attempts: tuple[Attempt, ...] = ()
    """Earlier plans and what came of them."""
    alike: tuple[tuple[int, int, float], ...] = ()
    """How the errors of two solutions correlate over the rows, by their numbers."""


class EnsembleInputs(Inputs):
    """Asks for one script that combines several solutions as planned."""

    brief: Brief
    plan: str
    solutions: tuple[Solution, ...]
    index: int
    """Round, counted from 0."""


class Ensembled(Program):
    """A complete script that combines several solutions."""

    members: tuple[int, ...] = ()
    """Numbers of the solutions that the script trains; those that it leaves out are not among them."""


# --- guards ----------------------------------------------------------------------------------------------------------


class LeakageInputs(Inputs):
    """Asks whether a script lets its model see what it must not."""

    brief: Brief
    code: str
    lint: tuple[str, ...] = ()
    """What static checks flagged."""


class Leak(Reply):
    """A block that leaks."""

    block: Passage
    """The block: whole lines, copied exactly as they stand in the script."""
    why: str = Field(min_length=1)
    """What reaches what it must not, and how to do it instead, in one to three sentences."""


class LeakageReport(Reply):
    """Whether a script leaks."""

    leaks: tuple[Leak, ...] = Field(default=(), max_length=4)
    """The blocks that leak; empty if there is none."""
    remark: str = ""
    """What was looked at, in a sentence."""


class DataUsageInputs(Inputs):
    """Asks whether a script uses all that it is given."""

    brief: Brief
    code: str


class DataUsage(Reply):
    """Whether a script uses all that it is given."""

    complete: bool
    """Whether everything that can help is used."""
    plan: str = ""
    """What is left unused and how to bring it in, in two to four sentences; empty if nothing is."""


class FinalizeInputs(Inputs):
    """Asks whether the winner is fit for the full data."""

    brief: Brief
    winner: Solution


class Readiness(Reply):
    """Whether a script is fit for the full data."""

    ready: bool
    """Whether it can be run on all rows as it is."""
    plan: str = ""
    """What only fits the search (samples, caps, rounds tuned to fewer rows) and what to put there; empty if ready."""


class ValidateInputs(Inputs):
    """Asks for a last look at the winner by somebody who did not write it."""

    brief: Brief
    winner: Solution
    lint: tuple[str, ...] = ()
    """What static checks flagged."""
    gate: tuple[str, ...] = ()
    """What was measured on it, a sentence each."""


class Validation(Reply):
    """What a last look found."""

    sound: bool
    """Whether you would sign for the score."""
    reasons: tuple[str, ...] = ()
    """What speaks against it, or what was looked at, a sentence each."""


STAR_ROLES = (
    Role(
        name="research",
        asked="strategy `mle_star`, once a path, before models are retrieved",
        inputs=ResearchInputs,
        reply=Research,
        search=True,
    ),
    Role(
        name="retrieve", asked="strategy `mle_star`, once a path", inputs=RetrieveInputs, reply=Retrieval, search=True
    ),
    Role(name="init", asked="strategy `mle_star`, once for every retrieved model", inputs=InitInputs, reply=Program),
    Role(
        name="merge",
        asked="strategy `mle_star`, for each model that is merged into the best script",
        inputs=MergeInputs,
        reply=Program,
    ),
    Role(name="summarize", asked="strategy `mle_star`, after every ablation", inputs=SummarizeInputs, reply=Summary),
    Role(name="extract", asked="strategy `mle_star`, after every summary", inputs=ExtractInputs, reply=Extraction),
    Role(
        name="plan", asked="strategy `mle_star`, for each but the first try at a block", inputs=PlanInputs, reply=Plan
    ),
    Role(
        name="code",
        asked="strategy `mle_star`, for every try at a block, and to mend what a guard found",
        inputs=CodeInputs,
        reply=Block,
    ),
    Role(
        name="ensemble_plan",
        asked="strategy `mle_star`, once a round of its ensembles",
        inputs=EnsemblePlanInputs,
        reply=Plan,
    ),
    Role(
        name="ensemble",
        asked="strategy `mle_star`, once a round of its ensembles",
        inputs=EnsembleInputs,
        reply=Ensembled,
    ),
    Role(
        name="leakage",
        asked="strategy `mle_star`, for every script that is about to run",
        inputs=LeakageInputs,
        reply=LeakageReport,
    ),
    Role(
        name="data_usage",
        asked="strategy `mle_star`, once a path, on its first script",
        inputs=DataUsageInputs,
        reply=DataUsage,
    ),
    Role(name="finalize", asked="strategy `mle_star`, once, on the winner", inputs=FinalizeInputs, reply=Readiness),
    Role(name="validate", asked="strategy `mle_star`, once, on the winner", inputs=ValidateInputs, reply=Validation),
)
