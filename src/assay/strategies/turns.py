"""Turns: who runs next where more trials wait than can run, so that what matters most is done and not half of all."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """So many at a time; among those that wait, the lowest rank goes first.

    Trials that all run side by side on few cores all end late, and where time is short none ends at all.

    Args:
        count: How many may have their turn at a time, at least 1.
    """

    def __init__(self, count: int) -> None:
        self._free = max(1, count)
        self._waiting: list[tuple[int, ...]] = []
        self._changed = threading.Condition()

    @property
    def waiting(self) -> tuple[tuple[int, ...], ...]:
        """The ranks that wait, the next first."""
        with self._changed:
            return tuple(sorted(self._waiting))

    @contextmanager
    def turn(self, *rank: int) -> Iterator[None]:
        """Wait for a turn, and give it back at the end of the block.

        Args:
            *rank: Compared number by number; two that wait must not have the same.
        """
        with self._changed:
            heapq.heappush(self._waiting, rank)
            self._changed.wait_for(lambda: self._free > 0 and self._waiting[0] == rank)
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
