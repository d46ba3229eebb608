"""Row: one trial as a line of a table."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.trial import TrialState, Verdict


@dataclass(frozen=True, kw_only=True)
class Row:
    """One trial as a line of a table."""

    number: int
    """Of the trial."""
    title: str
    """What it is, in a line."""
    operator: str
    """Which step made it."""
    key: str = ""
    """Of the trial within the run; says where a strategy with phases made it."""
    parents: tuple[int, ...] = ()
    """Trials that it was made from."""
    step: int | None = None
    """Step of the strategy that made it; None outside of steps."""
    counts: bool = True
    """Whether it takes part in the ranking."""
    state: TrialState = TrialState.WAITING
    attempts: int = 0
    """Number of the last attempt that was started."""
    score: float | None = None
    """Mean graded score over its search folds; None if it has none."""
    std_error: float | None = None
    """Of the score over its folds."""
    folds: int = 0
    """Search folds that it was scored on."""
    wall_s: float = 0.0
    """Mean seconds of one fold."""
    reason: str = ""
    """Why it is not complete, in a sentence."""
    verdict: Verdict | None = None
    """None before it is judged, as for the next four."""
    against: int | None = None
    """The trial that it had to beat."""
    effect: float | None = None
    """Mean paired gain over folds, positive is better."""
    same_sign: int | None = None
    """Folds in which it was better."""
    judged_folds: int | None = None
    """Folds that both were run on."""
    created: float = 0.0
    """Seconds since the epoch."""
    finished: float = 0.0
    """The same of its end; 0 before."""

    @property
    def ranks(self) -> bool:
        """Whether the trial takes part in the ranking."""
        return self.counts and self.state is TrialState.COMPLETE and self.score is not None
