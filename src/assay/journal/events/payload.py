"""The base of all event records, and the words for the fields that many of them have."""

from __future__ import annotations

from typing import ClassVar

COMMON = {
    "attempt": "Which execution of the trial: 1 for the candidate as created; each repair adds one.",
    "key": "Names it within the run, so that a resumed run finds it again.",
    "pid": "Process of the engine; 0 where it was not kept.",
    "request": "Digest of the request.",
    "role": "Which kind of question; see the page of roles.",
    "seed": "Seed of the random choices; 0 for the first execution of a fold.",
    "step": "Number of the step of the strategy.",
    "trial": "Number of the trial.",
    "usage": "Tokens, requests and money that it took.",
    "view": "Name of the view: which rows the candidate saw, and which it had to predict.",
}
"""What a field means wherever it says nothing else."""


class Payload:
    """Base of all event records."""

    kind: ClassVar[str]

    @property
    def takes_time(self) -> bool:
        """Whether the time between the event before and this one is time of running."""
        return True
