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
    """In the order of creation, from 0."""
    key: str
    """Names it within the run, so that a resumed run finds it again."""
    candidate: str
    """Digest of the candidate record: as created, or as last mended."""
    created_as: str = ""
    """Digest of the candidate record before any repair."""
    title: str
    """What it is, in a line."""
    operator: str
    """Which step made it: `baseline`, `draft`, `improve` and others."""
    plan: str = ""
    """What it tries and why."""
    parents: tuple[int, ...] = ()
    """Trials that it was made from."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """The playbook's own record of its choices; empty from a model."""
    step: int | None = None
    """Step of the strategy that made it; None outside of steps."""
    counts: bool = True
    """Whether it takes part in the ranking; ablation variants and reseeds do not."""
    state: TrialState = TrialState.WAITING
    attempts: int = 0
    """Number of the last attempt that was started; 0 before the first."""
    repairs: tuple[ev.Repaired, ...] = ()
    """In order."""
    score: float | None = None
    """Mean graded score over the search folds it was run on; None if it has none."""
    std_error: float | None = None
    """Of the score over its folds."""
    folds: int = 0
    """Search folds that it was scored on."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """View name to graded score, search folds only."""
    wall_s: float = 0.0
    """Mean seconds of one fold."""
    reason: str = ""
    """Why it is not complete, in a sentence."""
    flags: tuple[str, ...] = ()
    """Remarks of checks that did not reject it, each opening with a code."""
    judgement: ev.Judged | None = None
    """What its scores show against the trial that it had to beat; None before it is judged."""
    opened: ev.EvidenceOpened | None = None
    """The tracking run of the last attempt, for jobs."""
    evidence: ev.EvidenceVerified | None = None
    """What was found when the evidence of the last attempt was verified, for jobs."""
    reviews: tuple[ev.Reviewed, ...] = ()
    """Verdicts of reviewers in order, for jobs."""
    created: float = 0.0
    """Seconds since the epoch."""
    finished: float = 0.0
    """The same of its end; 0 before."""
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
        """Return whether a step may know the trial that sees the steps numbered below `steps`.

        Args:
            steps: Number of the first step that is not seen.
        """
        return not self.key.startswith(FINISH) if self.step is None else self.step < steps
