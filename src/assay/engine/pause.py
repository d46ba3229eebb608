"""Pause: while a person has a search paused nothing new is started; what is under way ends, and the clock goes on."""

from __future__ import annotations

from assay.engine.budget import Budget
from assay.engine.parts import Parts

LOOK_S = 0.5
"""Seconds between two looks at whether the pause is over."""


class Pause:
    """Holds back whoever would start something. Safe for several threads.

    The journal says whether the search is paused, so that a pause outlives the process. It ends when somebody says so,
    and in any case when the search does: the finish is never held back.

    Args:
        parts: What the run is put together from.
        budget: Says when the search is over.
    """

    def __init__(self, parts: Parts, budget: Budget) -> None:
        self._parts = parts
        self._budget = budget

    @property
    def on(self) -> bool:
        """Whether the search is paused now."""
        return self._parts.log.read(lambda history: history.paused_since is not None)

    def hold(self) -> None:
        """Return at once, or when the search goes on.

        Raises:
            Ending: It was over before that.
        """
        held = False
        while self.on and not self._parts.activities.stopped and self._budget.search_s != 0:
            held = True
            self._parts.clock.sleep(LOOK_S)
        if held or self.on:
            self._budget.check()
