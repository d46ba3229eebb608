"""Plan: how one candidate is to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from assay.journal.history import History


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a candidate is to be evaluated."""

    key: str
    """The journal's key of the trial."""
    history: History
    """What the step may know: the trial is raced and judged against the best in it."""
    step: int | None = None
    counts: bool = True
    """Whether the trial takes part in the ranking."""
    baseline: bool = False
    """Whether it is one that others are measured against: neither raced nor judged."""
    most_folds: int | None = None
    """Search folds to run at most; None runs all. For variants that only have to be compared, not ranked."""
    repair: bool = True
    """Whether a failure is mended. A constant that a metric cannot score is a fact, not something to mend."""
    within: tuple[str, ...] | None = None
    """Of a notebook: ids of the cells that a repair may change, locked ones never; None means every open cell."""
    reseed: bool = False
    """Whether to measure the noise floor with it once it is scored."""
    slot: int = 0
    """0 .. lanes-1: distinguishes the trials that may be in flight at a time, for the search's error control."""
    lanes: int = 1
    """How many steps may be under way without seeing each other."""
    remarks: tuple[str, ...] = ()
    """What its proposer has to say that stays with the trial: a code and a sentence each."""
    confirm: bool = True
    """Whether a would-be best is run on fresh partitions at once; else `Evaluator.confirm` may do so later."""
