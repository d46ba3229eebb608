"""Row: one trial as a line of a table."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.trial import TrialState, Verdict


@dataclass(frozen=True, kw_only=True)
class Row:
    """One trial as a line of a table."""

    number: int
    title: str
    operator: str
    key: str = ""
    """Of the trial within the run; says where a strategy with phases made it."""
    parents: tuple[int, ...] = ()
    step: int | None = None
    counts: bool = True
    state: TrialState = TrialState.WAITING
    attempts: int = 0
    score: float | None = None
    std_error: float | None = None
    folds: int = 0
    wall_s: float = 0.0
    reason: str = ""
    verdict: Verdict | None = None
    against: int | None = None
    effect: float | None = None
    same_sign: int | None = None
    judged_folds: int | None = None
    created: float = 0.0
    finished: float = 0.0

    @property
    def ranks(self) -> bool:
        """Whether the trial takes part in the ranking."""
        return self.counts and self.state is TrialState.COMPLETE and self.score is not None
