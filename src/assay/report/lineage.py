"""Lineage: the way from a baseline to a trial, over the trials that had to be beaten one after another.

A trial is judged against the best of its time, not against the baseline, so the verdict of a winner that barely passed
its predecessor says nothing about whether the run gained anything. The way does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from assay.core.trial import Verdict
from assay.journal.history import History, Trial


@dataclass(frozen=True, kw_only=True)
class Gain:
    """By how much a trial is better than the one it was judged against; positive, in units of the metric."""

    trial: int
    value: float


Part = str | Trial | Gain
"""A piece of a sentence: words, a trial to be named, a number to be written."""


@dataclass(frozen=True)
class Way:
    """Trials from `links[0]` down to a baseline, each judged against the next; the baseline alone if it is one."""

    links: tuple[Trial, ...]

    @property
    def baseline(self) -> Trial:
        """Where it begins."""
        return self.links[-1]

    @cached_property
    def real(self) -> int | None:
        """Place in `links` of the last trial that really beat the next; None when no step is established."""
        return next((i for i, trial in enumerate(self.links[:-1]) if trial.verdict is Verdict.REAL), None)

    @property
    def last_real(self) -> Trial | None:
        """The last trial on the way that really beat the one it was judged against."""
        return None if self.real is None else self.links[self.real]

    @property
    def word(self) -> Verdict:
        """What the way amounts to in a word: `real` where a step is, `maybe` where one may be."""
        steps = [trial.verdict for trial in self.links[:-1]]
        if not steps:
            return Verdict.BASELINE
        return next((v for v in (Verdict.REAL, Verdict.MAYBE) if v in steps), Verdict.NOISE)

    def tell(self) -> tuple[Part, ...]:
        """Return in a sentence, without a full stop, what is established and what is not."""
        if len(self.links) == 1:
            return ("nothing beat the baseline for sure",)
        if self.real is None:
            return self._steps(0, len(self.links) - 1)
        below, above = self._steps(self.real + 1, len(self.links) - 1), self._steps(0, self.real)
        told = self._real_step(self.real)
        for more in (below, above):
            told = (*told, "; ", *more) if more else told
        return told

    def _real_step(self, place: int) -> tuple[Part, ...]:
        judged = self.links[place].judgement
        by: tuple[Part, ...] = ()
        if judged is not None and judged.effect is not None:
            by = (" by ", Gain(trial=judged.trial, value=judged.effect))
        how = f" ({judged.reasons[0]})" if judged is not None and judged.reasons else ""
        return (self.links[place], " beats ", *self._named(place + 1), *by, how)

    def _steps(self, upper: int, lower: int) -> tuple[Part, ...]:
        """Say what is known of the steps from the trial at place `lower` up to the one at `upper`."""
        steps = self.links[upper:lower]
        if not steps:
            return ()
        real = sum(trial.verdict is Verdict.REAL for trial in steps)
        if len(steps) == 1:
            return self._one_step(upper)
        ends: tuple[Part, ...] = (f"the {len(steps)} steps from ", *self._named(lower), " to ", self.links[upper])
        if real:
            return (f"{real} of ", *ends, " is real, too" if real == 1 else " are real, too")
        return ("none of ", *ends, " is established")

    def _one_step(self, place: int) -> tuple[Part, ...]:
        trial, other = self.links[place], self._named(place + 1)
        if trial.verdict is Verdict.REAL:
            return (trial, " beats ", *other, ", too")
        if trial.verdict is Verdict.NOISE:
            return (trial, " over ", *other, " is within the noise")
        return (trial, " may be better than ", *other, ", which is not established")

    def _named(self, place: int) -> tuple[Part, ...]:
        trial = self.links[place]
        return ("the baseline ", trial) if place == len(self.links) - 1 else (trial,)


def way_to(history: History, winner: Trial | None) -> Way | None:
    """Return the way to `winner`, or None where what it was judged against does not lead down to a baseline."""
    links: list[Trial] = []
    trial = winner
    while trial is not None and trial not in links:
        links.append(trial)
        if trial.verdict is Verdict.BASELINE:
            return Way(tuple(links))
        against = trial.judgement.against if trial.judgement is not None else None
        trial = None if against is None else history.trials.get(against)
    return None


def winner_of(history: History) -> Trial | None:
    """Return the run's winner, or the best trial so far."""
    end = history.finished
    if end is not None and end.winner is not None:
        return history.trials.get(end.winner)
    return history.best
