"""Outage: while a provider is away, questions are put again after growing pauses, for a bounded time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from assay.core.clock import Clock
from assay.core.errors import ProviderDown
from assay.engine.log import EventLog
from assay.journal import events as ev

WAITING = "W301"
PATIENCE_S = 600.0
"""Longest wait for a provider, from the first question that it failed to the last try."""
SHARE = 0.2
"""Largest share of the search's remaining time that may be spent on waiting."""
FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_S = 120.0
LOOK_S = 0.2
"""Seconds between two looks at whether the search is over."""


class Outage:
    """Bounds the waiting of all questions together: they meet the same outage. Safe for several threads.

    Args:
        log: Where a remark says that the run waits, once an outage.
        clock: Measures and passes the time.
        left_s: Returns the seconds that the search may still use; None without a bound.
        is_over: Whether the search has no use for answers any more.
    """

    def __init__(
        self, log: EventLog, clock: Clock, *, left_s: Callable[[], float | None], is_over: Callable[[], bool]
    ) -> None:
        self._log = log
        self._clock = clock
        self._left_s = left_s
        self._is_over = is_over
        self._lock = threading.Lock()
        self._patience_s, self._share = PATIENCE_S, SHARE
        self._since: float | None = None
        self._until = 0.0

    def wait(self, error: ProviderDown) -> bool:
        """Return whether to put the question again, after a pause; False once patience is at its end."""
        pause = 0.0 if error.lasting else self._next_pause(error)
        until = self._clock.monotonic() + pause
        while self._clock.monotonic() < until and not self._is_over():
            self._clock.sleep(LOOK_S)
        return pause > 0

    def be_patient(self, seconds: float) -> None:
        """Wait for so long, whatever share of the time that is left: for work that goes on for days."""
        with self._lock:
            self._patience_s, self._share = seconds, 1.0

    def end(self) -> None:
        """Take it that the provider is back."""
        with self._lock:
            self._since = None

    def _next_pause(self, error: ProviderDown) -> float:
        with self._lock:
            now = self._clock.monotonic()
            if self._since is None:
                left = self._left_s()
                patience = self._patience_s if left is None else min(self._patience_s, self._share * left)
                self._since, self._until = now, now + patience
                text = f"{error.message}; it is asked again for {patience / 60:.0f} min, with pauses"
                self._log.add(ev.Remarked(code=WAITING, text=text))
            # As long as it has lasted so far: the pauses double.
            pause = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, now - self._since))
            return max(0.0, min(pause, self._until - now))
