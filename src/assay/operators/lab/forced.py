"""Forced moves: what the lab does by itself while its worker only waits and nothing runs; all of it bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.operators.lab.record import COMPLETE, Cycle, Result

BOOTSTRAP = "bootstrap"
"""Label of the experiments that this module starts first."""
MOST_BOOTSTRAPS = 3
RECOVERY_CYCLES = 8


@dataclass(frozen=True, kw_only=True)
class ForcedRules:
    """What may be forced."""

    bootstrap: str = ""
    """Command that is run when nothing has been run yet; empty for none."""
    first: bool = True
    """Whether that holds; `recover` alone leaves the first experiment to the worker."""
    recover: bool = False
    """Whether a long row of waiting starts the bootstrap command again."""
    recovery_cycles: int = RECOVERY_CYCLES
    """Waiting cycles in a row, with nothing running, from which on that is due; at least 1."""


@dataclass(frozen=True, kw_only=True)
class Forced:
    """An experiment that nobody decided on."""

    command: str
    label: str
    reason: str


def forced_run(rules: ForcedRules, cycles: Sequence[Cycle], results: Sequence[Result]) -> Forced | None:
    """Return what is started in the place of waiting, or None.

    An experiment whose end is known, or lost, is never started again: that is for the worker to decide, who is told.

    Args:
        rules: What may be forced.
        cycles: Those before this one, in order.
        results: All experiments.
    """
    if not rules.bootstrap or any(not result.has_ended for result in results):
        return None
    tries = [result for result in results if result.label == BOOTSTRAP]
    only_bootstraps = len(tries) == len(results)
    if (
        rules.first
        and only_bootstraps
        and len(tries) < MOST_BOOTSTRAPS
        and all(result.state != COMPLETE for result in tries)
    ):
        return Forced(command=rules.bootstrap, label=BOOTSTRAP, reason=f"nothing has run yet, try {len(tries) + 1}")
    waits = 0
    for cycle in reversed(cycles):
        if cycle.action != "wait":
            break
        waits += 1
    # Each row of waiting is answered once; the run that answers it ends the row.
    if rules.recover and waits >= max(1, rules.recovery_cycles):
        return Forced(command=rules.bootstrap, label="recovery", reason=f"{waits} cycles of waiting")
    return None
