"""The only place that reads the clock.

Everything else takes a `Clock`, so that tests choose the time and a replay never depends on it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two readings, a wall time to write down and a monotonic one to measure with; and a way to let time pass."""

    def now(self) -> float:
        """Return the seconds since the epoch; may jump when the machine sleeps or is adjusted."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed."""
        time.sleep(seconds)


class FakeClock:
    """A clock that moves only when told; for tests.

    Args:
        now: Seconds since the epoch at the start.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Return the same reading as `now`: a fake clock never jumps."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock forward by `seconds` at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self._now += seconds


def iso_utc(seconds: float) -> str:
    """Return `seconds` since the epoch as an ISO 8601 time in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
