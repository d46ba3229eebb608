"""Clock watch: notices that the machine slept, that its clock was set, or that this process was held up."""

from __future__ import annotations

from assay.core.clock import Clock

JUMPED, HELD_UP = "W441", "W442"
JUMP_S = 60.0
"""Smaller differences between the two clocks are corrections that nobody needs to hear of."""
HELD_UP_S = 120.0
"""A heartbeat that comes by so much later than the one before was held up."""


class ClockWatch:
    """Compares the wall clock with the one that measures running time, from look to look.

    Args:
        clock: Read at each look.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.jump_s = 0.0
        """Seconds by which the clock had gone ahead at the last look, if a person was to hear of it."""
        self._now, self._ran = clock.now(), clock.monotonic()

    def look(self) -> tuple[str, str] | None:
        """Return code and sentence of what happened since the last look, or None where time passed as it should."""
        now, ran = self._clock.now(), self._clock.monotonic()
        passed, jump = ran - self._ran, (now - self._now) - (ran - self._ran)
        self._now, self._ran = now, ran
        self.jump_s = jump if jump >= JUMP_S else 0.0
        if abs(jump) >= JUMP_S:
            way = "ahead" if jump > 0 else "back"
            return JUMPED, (
                f"the clock jumped {_span(abs(jump))} {way}: the machine slept or its clock was set. Limits count "
                "running time only, a planned finish keeps its time of day"
            )
        if passed >= HELD_UP_S:
            return HELD_UP, f"this process was held up for {_span(passed)}; its limits went on counting"
        return None


def _span(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}h{rest // 60:02d}m" if hours else f"{rest // 60}m{rest % 60:02d}s"
