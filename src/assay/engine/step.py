"""Step: one step of a strategy, and parts of one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from assay.core.candidate import Candidate
from assay.engine.stage import Stage
from assay.journal.history import History, Trial
from assay.models.roles import Inputs, Reply

if TYPE_CHECKING:
    from assay.engine.session import Session


class Step:
    """One step of a strategy: its number, its pinned history, and the session under its own keys.

    Args:
        session: The running session.
        number: Counted from 0 over the whole run.
        history: What the step may know.
        lanes: How many steps may be under way without seeing each other, as of when this one was first begun.
        key: Under which everything of the step is journaled; None means that of its number.
        stage: The part of the search that it is in; None where the strategy knows no parts.
    """

    def __init__(
        self,
        session: Session,
        number: int,
        history: History,
        lanes: int,
        *,
        key: str | None = None,
        stage: Stage | None = None,
    ) -> None:
        self.session = session
        self.number = number
        self.history = history
        self.lanes = lanes
        self.key = step_key(number) if key is None else key
        self.stage = stage

    def within(self, name: str, history: History | None = None) -> Step:
        """Return a part of this step, for steps that take many decisions.

        Args:
            name: Names the part within the step.
            history: What the part may know; None means what the step knows.
        """
        key, known = f"{self.key}/{name}", history or self.history
        return Step(self.session, self.number, known, self.lanes, key=key, stage=self.stage)

    def at(self, stage: Stage) -> Step:
        """Return this step in a part of the search; its key stays."""
        return Step(self.session, self.number, self.history, self.lanes, key=self.key, stage=stage)

    @property
    def lane(self) -> int:
        """Which of the `lanes` this step is in: it sees all earlier steps of its own lane."""
        return self.number % self.lanes

    @property
    def rng(self) -> random.Random:
        """The generator that belongs to this step; the same at every call."""
        return self.session.rng(self.key)

    def ask(self, name: str, role: str, inputs: Inputs) -> Reply:
        """Ask as `Session.ask`, under this step's key and `name`."""
        return self.session.ask(f"{self.key}/{name}", role, inputs)

    def evaluate(self, name: str, candidate: Candidate, **options: Any) -> Trial:
        """Evaluate as `Session.evaluate`, under this step's key and `name`, against its pinned history."""
        return self.session.evaluate(f"{self.key}/{name}", candidate, **self._placed(options))

    def confirm(self, name: str, trial: Trial) -> Trial:
        """Confirm as `Session.confirm`, under this step's key and `name`, against its pinned history."""
        return self.session.confirm(f"{self.key}/{name}", trial, **self._placed({}))

    def evaluate_all(self, candidates: Mapping[str, Candidate], **options: Any) -> list[Trial]:
        """Evaluate several candidates at a time, none of which knows of the others.

        Args:
            candidates: By the name that `evaluate` would be given.
            **options: As for `evaluate`.
        """
        for name, candidate in candidates.items():
            self.session.create(f"{self.key}/{name}", candidate, **self._placed(options))
        with ThreadPoolExecutor(max(1, self.session.budget.limits.workers), thread_name_prefix=self.key) as pool:
            return list(pool.map(lambda entry: self.evaluate(*entry, **options), candidates.items()))

    def _placed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return `options` with this step's place in the search."""
        own = {"history": self.history, "step": self.number, "slot": self.lane, "lanes": self.lanes}
        return {**own, **options}


def step_key(number: int) -> str:
    """Return the key under which everything of a step is journaled."""
    return f"step-{number:04d}"
