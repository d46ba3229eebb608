"""Phases: which part of the algorithm a path is in, how long it may last, and what is noted of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assay.core.errors import AssayError
from assay.engine.endings import Ending
from assay.engine.session import Step
from assay.engine.stage import Stage
from assay.models.scrub import scrub

STAGES = {
    "init": "initial solutions",
    "merge": "merging",
    "data-usage": "bringing in unused data",
    "refine": "refinement block by block",
    "ensemble": "ensembles",
    "finalize": "making the winner fit for all rows",
    "validate": "a last look at the winner",
}
"""The phases as those who are asked read them."""


BROKEN = "W411"
_logger = logging.getLogger(__name__)


class Skipped(Exception):
    """A phase ends before its work is done.

    Args:
        reason: Why, in a few words for the report.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Allowance:
    """How many proposals a step may still make, and until when.

    What it answers is noted under the question's key, so that a resumed run takes the same turn whatever the time.

    Args:
        step: Whose notes and clock.
        proposals: Most proposals in all; None for no bound.
    """

    def __init__(self, step: Step, proposals: int | None) -> None:
        self._step = step
        self._left = proposals
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Count one proposal; return whether it may still be made."""
        with self._lock:
            if self._left is None:
                return True
            self._left -= 1
            return self._left >= 0

    def until(self, name: str, share: float) -> bool:
        """Return whether less than `share` of the run's time is used, as of when this was first asked under `name`."""
        budget = self._step.session.budget
        wall = budget.limits.wall_s
        if wall is None:
            return True
        return bool(self._step.session.note(f"{self._step.key}/{name}/on", lambda: budget.elapsed_s < share * wall))


@contextmanager
def phase(step: Step, name: str, share: int | None = None) -> Iterator[Step]:
    """Note in the journal when a phase begins and ends; one that raises `Skipped` ends quietly, and says why.

    Args:
        step: Whose phase.
        name: A key of `STAGES`.
        share: Percent of the run's time after which nothing of the phase is begun; None where no share is its own.

    Yields:
        The step, in this stage.
    """
    key = f"phase/{step.key}/{name}"
    budget = step.session.budget
    wall = budget.limits.wall_s
    until = None if share is None or wall is None else share / 100 * wall
    step.session.note(f"{key}/begun", lambda: budget.elapsed_s)
    reason = ""
    try:
        yield step.at(Stage(name=STAGES[name], until_s=until))
    except Skipped as skipped:
        reason = skipped.reason
    step.session.note(f"{key}/ended", lambda: {"skipped": reason})


def contained(run_step: Callable[[Step], str]) -> Callable[[Step], str]:
    """Return `run_step` so that a mistake of our own costs its step and nothing beside it.

    Ends of the search, and faults of the machine or of what was recorded, still end the run.
    """

    def run(step: Step) -> str:
        try:
            return run_step(step)
        except (Ending, AssayError):
            raise
        except Exception as fault:  # hours of other paths must not hang on one of them
            _logger.exception("step %d of mle_star", step.number)
            what = scrub(f"{type(fault).__name__}: {fault}")[:200]
            text = f"step {step.number} ended by a mistake of Assay's own ({what}); the search goes on with the others"
            step.session.parts.log.remark_once(BROKEN, text)
            return f"ended by {type(fault).__name__}"

    return run
