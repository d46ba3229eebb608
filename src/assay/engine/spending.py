"""Spending: how the error of a whole search is shared out over its confirmations."""

from __future__ import annotations

from dataclasses import dataclass

ALPHA = 0.05
"""Most searches of equally good candidates, as a share, that may contain a `real`."""

_EVENNESS = 3.0
"""The first level is ALPHA / (_EVENNESS + 1); larger spreads the error more evenly over the first confirmations."""


@dataclass(frozen=True, kw_only=True)
class SearchErrors:
    """What a search has tried and confirmed so far; derived from the history, never stored.

    The i-th confirmation (i = 1, 2, ...) may be wrong with probability a_i = 3 ALPHA / ((i + 2)(i + 3)); these add up
    to ALPHA however many follow. A confirmation that ended in `real` hands its whole level on to the next one. That is
    the online fallback procedure: the probability of even one false `real` in the search stays below ALPHA for any
    dependence of the p-values and any mixture of true and false gains, and a search that keeps improving is not
    starved of error.

    Steps that run side by side do not see each other's outcomes. So each lane takes every `lanes`-th a_i, a set of its
    own, and counts its own confirmations only.

    References:
        J. Tian and A. Ramdas, "Online control of the familywise error rate", Statistical Methods in Medical Research
        30 (2021) 976-993; B. Wiens, Pharmaceutical Statistics 2 (2003) 211-215, for the fallback procedure.
    """

    confirmations_so_far: int = 0
    """Finished confirmations of this lane before the one at hand, whatever they showed."""
    tried: int = 1
    """Candidates that were scored or raced in the whole search, the one at hand included."""
    streak: int = 0
    """How many of the lane's latest confirmations ended in `real`, without a break up to the one at hand."""
    lane: int = 0
    """0 .. lanes-1: which of the steps side by side this is."""
    lanes: int = 1
    """Steps that may be in flight at a time."""

    @property
    def level(self) -> float:
        """The probability of error that the confirmation at hand may spend."""
        first = self.confirmations_so_far - min(self.streak, self.confirmations_so_far)
        return sum(_share(n * self.lanes + self.lane + 1) for n in range(first, self.confirmations_so_far + 1))


def _share(index: int) -> float:
    return ALPHA * _EVENNESS / ((index + _EVENNESS - 1.0) * (index + _EVENNESS))
