"""Evidence: what was found when the run of an attempt was checked, as a record for the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.tracking.records import Point

NO_STORE = "V01"
NO_RUN = "V02"
FOREIGN = "V03"
NOT_FINISHED = "V04"
NO_PARAM = "V05"
NO_METRIC = "V06"
NO_ARTIFACT = "V07"
NOT_FINITE = "V08"
CONSTANT = "V09"
NO_VARIANCE = "V10"
OLD = "V11"
EMPTY = "V12"
REFUSED = "V13"
OTHER_RUNS = "V14"
"""A remark: runs besides the one that was opened. They count for nothing."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with the evidence."""

    code: str
    """One of the codes of this module."""
    sentence: str
    subject: str = ""
    """Name of the param, metric or file that it is about."""


@dataclass(frozen=True, kw_only=True)
class FileEvidence:
    """One file that counts."""

    digest: str
    """SHA-256 of the private copy."""
    size: int
    """Bytes, above 0."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an attempt left, checked.

    It shows what the code of this attempt wrote down while it ran, and no more: whether a number was computed or made
    up only a test that the engine makes itself can tell.
    """

    run_id: str
    """The issued id; empty where no run was required."""
    findings: tuple[Finding, ...] = ()
    """Empty when everything that was required is there."""
    remarks: tuple[Finding, ...] = ()
    """What is odd and takes nothing away."""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """Finite points only, in the order of their steps."""
    artifacts: Mapping[str, FileEvidence] = field(default_factory=dict)
    files: Mapping[str, FileEvidence] = field(default_factory=dict)
    started_ms: int = 0
    """When the run was opened, milliseconds since the epoch."""
    ended_ms: int | None = None
    """When its code ended it, as the store has it; None where it did not."""

    @property
    def verified(self) -> bool:
        """Whether the evidence holds: nothing was found against it."""
        return not self.findings

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, each once, in order."""
        return tuple(dict.fromkeys(finding.code for finding in self.findings))
