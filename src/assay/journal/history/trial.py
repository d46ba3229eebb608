"""Trial: a candidate's life, as the journal tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.journal import events as ev

FINISH = "finish/"
"""How the keys of trials begin that are made after the search: they belong to no step, and no step sees them."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial as the journal tells it."""

    number: int
    key: str
    candidate: str
    """Digest of the candidate record: as created, or as last mended."""
    created_as: str = ""
    """Digest of the candidate record before any repair."""
    title: str
    operator: str
    plan: str = ""
    parents: tuple[int, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    step: int | None = None
    counts: bool = True
    state: TrialState = TrialState.WAITING
    attempts: int = 0
    repairs: tuple[ev.Repaired, ...] = ()
    score: float | None = None
    std_error: float | None = None
    folds: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    reason: str = ""
    flags: tuple[str, ...] = ()
    judgement: ev.Judged | None = None
    opened: ev.EvidenceOpened | None = None
    """The tracking run of the last attempt, for jobs."""
    evidence: ev.EvidenceVerified | None = None
    """What was found when the evidence of the last attempt was verified, for jobs."""
    reviews: tuple[ev.Reviewed, ...] = ()
    created: float = 0.0
    finished: float = 0.0
    """Seconds since the epoch, as `created` is."""
    finished_s: float = 0.0
    """Seconds of running until it finished, the pauses before resumptions left out."""
    finished_usage: Usage | None = None
    """What all answers of the run had taken by then."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, if one was made."""
        return self.judgement.verdict if self.judgement else None

    @property
    def ranks(self) -> bool:
        """Whether the trial takes part in the ranking: complete, scored, and not a variant or a reseed."""
        return self.counts and self.state is TrialState.COMPLETE and self.score is not None

    def is_before(self, steps: int) -> bool:
        """Return whether a step may know the trial that sees the steps numbered below `steps`."""
        return not self.key.startswith(FINISH) if self.step is None else self.step < steps
