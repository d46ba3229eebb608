"""Events of what a run rests on and hands over: the noise floor, the sealed score, checks, the submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from assay.core.score import Score
from assay.core.validation import Check, Standing
from assay.journal.events.payload import Payload


@dataclass(frozen=True, kw_only=True)
class NoiseMeasured(Payload):
    """What equal candidates differ by, from reseeds of the baseline."""

    kind: ClassVar[str] = "noise-measured"
    floor: float | None
    """Gains under this are noise, in units of the metric; None when it could not be afforded."""
    reseeds: int
    """Runs of the baseline with other seeds that it comes from."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The record of the verdict module, to be judged with again after a resume."""
    step: int | None = None
    """Step that measured it."""


@dataclass(frozen=True, kw_only=True)
class SealedOpened(Payload):
    """The sealed holdout was graded. Happens once in a run."""

    kind: ClassVar[str] = "sealed-opened"
    trial: int
    score: Score | None
    """With its interval; None where the predictions could not be graded."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file of predictions."""


@dataclass(frozen=True, kw_only=True)
class Validated(Payload):
    """One check of the winner came to an end, after the submission was written; a failure takes nothing away."""

    kind: ClassVar[str] = "validated"
    winner: int
    """Number of the trial that won."""
    trial: int
    """Whose script was run: the winner, or the heaviest member of the blend that won."""
    check: Check
    """Which of the checks."""
    verdict: Standing
    """`passed`, `warning`, `failed` or `skipped`."""
    detail: str = ""
    """What was found, in a sentence, or why nothing was."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What the verdict rests on, by name."""
    views: tuple[str, ...] = ()
    """Views whose executions the numbers come from; the trial's measurements have their predictions and logs."""


@dataclass(frozen=True, kw_only=True)
class SubmissionWritten(Payload):
    """`submission.csv` was replaced by a valid one."""

    kind: ClassVar[str] = "submission-written"
    trial: int
    digest: str
    """The file's own."""
    rows: int
    """Rows of predictions in it."""
