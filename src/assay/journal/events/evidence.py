"""Events of jobs: what their code left was looked at, and reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from assay.journal.events.payload import Payload


@dataclass(frozen=True, kw_only=True)
class EvidenceOpened(Payload):
    """A tracking run was opened for one attempt of a job. Written before its process starts."""

    kind: ClassVar[str] = "evidence-opened"
    trial: int
    attempt: int
    run: str
    """Id issued by the engine; no other counts for this attempt."""
    token: str = ""
    """Stands in the run's tags: another store with the same id is not this one."""
    started_ms: int = 0
    """Milliseconds since the epoch; what is older is no evidence of this attempt."""


@dataclass(frozen=True, kw_only=True)
class EvidenceFinding:
    """One thing that was looked for in a job's evidence, and whether it was there."""

    name: str
    """A few words with hyphens, for example `metric-missing`."""
    passed: bool
    """Whether it was as it has to be."""
    sentence: str
    """What was found."""


@dataclass(frozen=True, kw_only=True)
class EvidenceVerified(Payload):
    """What an attempt of a job left was compared with what had been declared."""

    kind: ClassVar[str] = "evidence-verified"
    trial: int
    attempt: int
    passed: bool
    """Whether every finding passed."""
    findings: tuple[EvidenceFinding, ...] = ()
    """Everything that was looked for."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the workspace to digest, of the declared files that were taken."""
    run: str = ""
    """Id of the tracking run that was looked at; empty where none was asked for."""
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Metric to the values logged, in order of step: `reported` by the job's code, never graded."""
    record: str = ""
    """Digest of all that was found, as an object; empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class Reviewed(Payload):
    """A reviewer's verdict on a job."""

    kind: ClassVar[str] = "reviewed"
    trial: int
    attempt: int
    point: str
    """`before` the code runs, or `after`, with its results."""
    reviewer: str
    """Name of the reviewer, such as `quality`."""
    verdict: str
    """`approve`, `reject`, `conditional`, or `missing` where no valid one was given."""
    critical: tuple[str, ...] = ()
    """Flags that each forbid an approval."""
    warnings: tuple[str, ...] = ()
    """Flags that forbid nothing."""
    confidence: float | None = None
    """In [0, 1]."""
    reason: str = ""
    """In the words of the reviewer."""
