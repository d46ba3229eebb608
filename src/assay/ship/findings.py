"""Findings: what a check of a solution says, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from assay.core.metric import Metric
from assay.ship.record import Measured, Record

_SHOWN = 4
"""Most names that a reason lists."""


class Result(StrEnum):
    """How a check ended."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"
    """It says nothing, and the reason says why."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check."""

    name: str
    """One word."""
    title: str
    """What holds if it passes."""
    result: Result
    reason: str
    wall_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Rescored:
    """One score, then and now."""

    measured: Measured
    now: float | None
    problem: str = ""
    wall_s: float = 0.0


@dataclass(kw_only=True)
class Verification:
    """What verifying a solution came to."""

    record: Record
    metric: Metric
    findings: list[Finding] = field(default_factory=list)
    scores: list[Rescored] = field(default_factory=list)
    label: str = ""
    """What else a reader must know, such as that the data are others."""
    sandbox: str = ""

    @property
    def holds(self) -> bool:
        """Whether no check failed."""
        return all(found.result is not Result.FAIL for found in self.findings)


def finding(name: str, title: str, result: Result, reason: str, wall_s: float = 0.0) -> Finding:
    """Return one check, its seconds rounded."""
    return Finding(name=name, title=title, result=result, reason=reason, wall_s=round(wall_s, 3))


def some(names: list[str]) -> str:
    """Return the names as a reason lists them: the first few, and how many more."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
