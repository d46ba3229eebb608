"""How a script of `mle_star` is refined: a study is summed up, a block chosen, planned for and rewritten."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from assay.core.weakness import Weakness
from assay.models.roles.shared import (
    Brief,
    Finding,
    Inputs,
    Recipe,
    Reply,
    TrialSummary,
)
from assay.models.roles.star.passage import Passage

Purpose = Literal["refine", "leakage", "data_usage", "finalize"]
"""Why a block is rewritten."""


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
