"""Endings: the expected ways in which a run's search stops. None of them is an error of the program."""

from __future__ import annotations

INTERRUPT = "interrupt"
"""Why a search stops that is to be resumed rather than finished up."""
STAGE = "stage"
"""Why a run ends that was asked for one stage alone, such as the writing of a notebook: it is done, without a score."""


class Ending(Exception):
    """The search is over; the engine finishes up with what there is.

    Args:
        stopped_by: `trials`, `time`, `cost`, `tokens`, `goal`, `user`, `interrupt`, or an error's code.
    """

    def __init__(self, stopped_by: str) -> None:
        super().__init__(stopped_by)
        self.stopped_by = stopped_by


class NoAnswer(Exception):
    """A question was refused, or answered but never in the asked form. The strategy goes on without it."""
