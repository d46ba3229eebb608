"""Events in the life of a trial: made, run, graded, mended, judged, finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from assay.core.execution import Execution
from assay.core.score import Score
from assay.core.trial import TrialState, Verdict
from assay.journal.events.payload import Payload


@dataclass(frozen=True, kw_only=True)
class TrialCreated(Payload):
    """A candidate exists; its files are an object."""

    kind: ClassVar[str] = "trial-created"
    trial: int
    key: str
    candidate: str
    """Digest of the candidate record in the object store."""
    title: str
    """What it is, in a line."""
    operator: str
    """Which step made it: `baseline`, `draft`, `improve`, `ablate`, `blend` and others."""
    plan: str = ""
    """What it tries and why, in the words of whoever wrote it."""
    parents: tuple[int, ...] = ()
    """Trials that it was made from."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """The playbook's own record of its choices; empty from a model."""
    step: int | None = None
    """Step of the strategy that made it; None outside of steps."""
    counts: bool = True
    """Whether it takes part in the ranking; ablation variants and reseeds do not."""


@dataclass(frozen=True, kw_only=True)
class AttemptStarted(Payload):
    """A process is about to be started. Written before it exists."""

    kind: ClassVar[str] = "attempt-started"
    trial: int
    attempt: int
    """1 for the candidate as created; each repair adds one."""
    code: str
    """Content digest of the candidate: equal code on equal data is never run twice."""
    view: str
    """Name of the view."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Executed(Payload):
    """The process ended and its outputs were taken."""

    kind: ClassVar[str] = "executed"
    trial: int
    attempt: int
    code: str
    """Content digest of the candidate: equal code on equal data is never run twice."""
    view: str
    execution: Execution
    """How it ended, how long it took, and the digests of its outputs."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Graded(Payload):
    """Predictions were compared with private answers: a score, or what is wrong with the file."""

    kind: ClassVar[str] = "graded"
    trial: int
    attempt: int
    code: str
    """Content digest of the candidate: equal code on equal data is never run twice."""
    view: str
    score: Score | None = None
    """None where the predictions could not be graded."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file of predictions."""
    reported: float | None = None
    """What the candidate itself printed; never ranked."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Repaired(Payload):
    """A failing candidate was replaced by a mended one within its trial."""

    kind: ClassVar[str] = "repaired"
    trial: int
    attempt: int
    """The attempt that will run the mended candidate."""
    candidate: str
    """Digest of the mended candidate in the object store."""
    cause: str
    """What was wrong, in a sentence."""
    by: str
    """Who mended it: `heuristic`, `playbook`, or a model."""
    signature: str = ""
    """Digest of the failure that was mended."""
    point: str = ""
    """Where it was mended, for jobs: `approval`, `execution` or `verification`; empty elsewhere."""
    patch: str = ""
    """Id of the patch, for jobs: the digest of what was there before and what is there now."""
    previous: str = ""
    """Content digest of the candidate before, for jobs; that of the one after is in `code`."""
    code: str = ""
    """Content digest of the mended candidate, for jobs."""
    confidence: float | None = None
    """Of whoever mended it, in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class Judged(Payload):
    """What a trial's scores show against the trial that it had to beat."""

    kind: ClassVar[str] = "judged"
    trial: int
    verdict: Verdict
    """`real`, `maybe`, `noise`, `rejected` or `baseline`."""
    against: int | None = None
    """The trial that it had to beat; None where there was none."""
    effect: float | None = None
    """Mean paired gain over folds, positive is better."""
    low: float | None = None
    """Lower end of the 95 % interval of the effect."""
    high: float | None = None
    """Its upper end."""
    p_value: float | None = None
    """Of the test that corrects for dependent folds."""
    adjusted_p: float | None = None
    """The same, corrected for the number of ideas tried."""
    same_sign: int | None = None
    """Folds in which it was better."""
    folds: int | None = None
    """Folds that both were run on."""
    confirmed: bool | None = None
    """Whether the fresh partitions confirmed it; None when there were none."""
    reasons: tuple[str, ...] = ()
    """The verdict in words, a reason each."""


@dataclass(frozen=True, kw_only=True)
class TrialFinished(Payload):
    """The trial reached its final state."""

    kind: ClassVar[str] = "trial-finished"
    trial: int
    state: TrialState
    """`complete`, `failed`, `rejected` or `stopped`."""
    candidate: str
    """Digest of the candidate that the scores belong to: the last mended one."""
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
