"""How `mle_star` guards a script: against leaks, unused data, and a last fit or a score that nobody should trust."""

from __future__ import annotations

from pydantic import Field

from assay.models.roles.shared import (
    Brief,
    Inputs,
    Reply,
)
from assay.models.roles.star.passage import Passage
from assay.models.roles.star.start import Solution


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
