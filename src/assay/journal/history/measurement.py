"""Measurement: one candidate on one view. And all of them, as a run made them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assay.core.execution import Execution
from assay.core.score import Score


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One candidate on one view: how it ran and how it scored."""

    trial: int
    """Number of the trial that it was run for."""
    attempt: int
    """1 for the candidate as created; each repair adds one."""
    code: str
    """Content digest of the candidate."""
    view: str
    seed: int = 0
    execution: Execution | None = None
    """None while it runs, or when the engine died meanwhile."""
    score: Score | None = None
    """None before it is graded, and where the predictions could not be."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file of predictions."""
    reported: float | None = None
    """What the candidate itself printed; never ranked."""
    graded: bool = False
    """Whether the predictions were looked at, with a score or without."""
    started: float = 0.0
    """Seconds since the epoch."""
    ended: float = 0.0
    """The same of its end; 0 while it runs."""


@dataclass
class Measurements:
    """Everything that was run, in the order it started; the last of each code, view and seed is known by these."""

    _all: list[Measurement] = field(default_factory=list)
    _places: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Where in the list the last of a code, view and seed stands."""

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self._all)

    def __getitem__(self, key: tuple[str, str, int]) -> Measurement:
        return self._all[self._places[key]]

    def get(self, key: tuple[str, str, int]) -> Measurement | None:
        """Return the last of a code, view and seed, if there is one."""
        return self[key] if key in self._places else None

    def last(self, count: int) -> list[Measurement]:
        """Return the last `count` that were started."""
        return self._all[-count:]

    def add(self, measurement: Measurement) -> None:
        """Take one that begins."""
        self._places[measurement.code, measurement.view, measurement.seed] = len(self._all)
        self._all.append(measurement)

    def change(self, measurement: Measurement) -> None:
        """Put `measurement` in the place of the last of its code, view and seed.

        Raises:
            KeyError: There is none.
        """
        self._all[self._places[measurement.code, measurement.view, measurement.seed]] = measurement

    def copy(self) -> Measurements:
        """Return the same as they are now."""
        return Measurements(self._all.copy(), self._places.copy())
