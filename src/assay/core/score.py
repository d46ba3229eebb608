"""Score: a number with its provenance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Provenance(StrEnum):
    """Where a number comes from. The two never compete in one ranking."""

    GRADED = "graded"
    """Computed by Assay from predictions, on labels that the candidate never saw."""
    REPORTED = "reported"
    """Printed or written by the candidate itself."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A finite number. Absence of a score is None elsewhere, never a special value here."""

    value: float
    """In the units of the metric; which way is better only the metric knows."""
    provenance: Provenance
    view: str
    """Name of the view it was measured on, for example `fold-0` or `sealed`."""
    rows: int
    """How many answers it rests on."""
    partial: bool = False
    """Whether the predictions were left by a script that did not end by itself."""
    low: float | None = None
    """Lower end of a 95 % bootstrap interval over rows, where one was asked for."""
    high: float | None = None
    """Its upper end."""
    std_error: float | None = None
    """Bootstrap standard error over rows, where one was asked for."""
