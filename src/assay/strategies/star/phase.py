"""Phases: which part of the algorithm a path is in, how long it may last, and what is noted of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from assay.core.errors import AssayError
from assay.engine.endings import INTERRUPT, Ending
from assay.engine.session import Session
from assay.engine.stage import Stage
from assay.engine.step import Step, step_key
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


PATH_PHASES = ("init", "merge", "data-usage", "refine")
END_PHASES = ("finalize", "validate")

BEGUN = "mle_star/begun"
"""Key of the note on when the baselines were done, in seconds of running."""
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

    def until(self, name: str, share: int | None, needs_s: float = 0.0, *, wanted: bool = True) -> bool:
        """Return whether something may still be begun, as of when this was first asked under `name`.

        Args:
            name: Names what it is.
            share: Percent of the search's time after which it is not; None for the first of its kind, so that no phase
                is left out because those before it took longer than their share.
            needs_s: Seconds of search that must be left for it, and for what is to come after it.
            wanted: Whether it is within what was planned; else the answer is no.
        """
        session = self._step.session
        if session.budget.limits.wall_s is None:
            return True

        def room() -> bool:
            now, end = session.budget.elapsed_s, deadline_s(session, 100)
            return wanted and now + needs_s < end and (share is None or now < deadline_s(session, share))

        return bool(session.note(f"{self._step.key}/{name}/on", room))


def deadline_s(session: Session, share: int) -> float:
    """Return when so much percent of the time is used that lies between the baselines and the finish.

    Args:
        session: Of a run with a time limit.
        share: 0 to 100.

    Returns:
        Seconds of running, counted from the run's start. It is as of now: what the finish will want is known better
        with every trial.
    """
    budget = session.budget
    begun = float(session.note(BEGUN, lambda: budget.elapsed_s))
    end = budget.elapsed_s + (budget.search_s or 0.0)
    return begun + share / 100 * max(0.0, end - begun)


@contextmanager
def phase(step: Step, name: str, share: int | None = None) -> Iterator[Step]:
    """Note in the journal when a phase begins and ends; one that raises `Skipped` ends quietly, and says why.

    Args:
        step: Whose phase.
        name: A key of `STAGES`.
        share: Percent of the search's time after which nothing more of the phase is begun; None where no share is its
            own.

    Yields:
        The step, in this stage.
    """
    key = f"phase/{step.key}/{name}"
    budget = step.session.budget
    until = None if share is None or budget.limits.wall_s is None else deadline_s(step.session, share)
    step.session.note(f"{key}/begun", lambda: budget.elapsed_s)
    reason = ""
    try:
        yield step.at(Stage(name=STAGES[name], until_s=until))
    except Skipped as skipped:
        reason = skipped.reason
    step.session.note(f"{key}/ended", lambda: {"skipped": reason})


@contextmanager
def every_phase_noted(session: Session, layout: Callable[[], Mapping[int, Sequence[str]]]) -> Iterator[None]:
    """Note at the end of the search each phase that has no end: cut off, or never begun, and why.

    Nothing is noted of a search that is to be resumed. One that a resumption takes further notes the true end of its
    phases beside these notes.

    Args:
        session: Notes.
        layout: Returns the phases of the search by step.
    """
    try:
        yield
    except Ending as ending:
        if ending.stopped_by != INTERRUPT:
            _note_cuts(session, layout(), _WHY.get(ending.stopped_by, f"the search ended ({ending.stopped_by})"))
        raise
    _note_cuts(session, layout(), "there was nothing for it to work on", "its step ended by a mistake of Assay's own")


def _note_cuts(session: Session, layout: Mapping[int, Sequence[str]], reason: str, broken: str = "") -> None:
    known = session.view().notes
    for step, names in layout.items():
        for name in names:
            key = f"phase/{step_key(step)}/{name}"
            if f"{key}/ended" not in known:
                begun = f"{key}/begun" in known
                why = broken if begun and broken else reason
                session.note(f"{key}/{CUT}", partial(dict, skipped=why, begun=begun))


CUT = "cut"
"""End of the key of a note on a phase that the end of the search cut off, or that was never begun."""
_WHY = {
    "time": "the time for the search was used up",
    "cost": "the cap on money was reached",
    "tokens": "the cap on tokens was reached",
    "goal": "the goal was met",
    "user": "a person asked to finish",
    "finish-up": "the planned finish began",
}


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
