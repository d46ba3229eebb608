"""DataFinding: one thing that is worth knowing about the data before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"
    """Good to know; nothing needs to be done."""
    WARNING = "warning"
    """Scores may mislead, or something was guessed that could be wrong."""
    ERROR = "error"
    """Scores will mislead unless something is done."""


@dataclass(frozen=True, kw_only=True)
class DataFinding:
    """A sentence with its code, its columns, its figures and the next step."""

    code: str
    """`W2` and two digits."""
    severity: Severity
    sentence: str
    columns: tuple[str, ...] = ()
    """Those that it is about."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the sentence, by name."""
    fix: str = ""
    """One step that helps, or empty when there is none."""


def warn(code: str, sentence: str, *, columns: tuple[str, ...] = (), fix: str = "", **figures: float) -> DataFinding:
    """Return a warning."""
    return DataFinding(
        code=code, severity=Severity.WARNING, sentence=sentence, columns=columns, figures=figures, fix=fix
    )


def note(code: str, sentence: str, *, columns: tuple[str, ...] = (), fix: str = "", **figures: float) -> DataFinding:
    """Return a note."""
    return DataFinding(code=code, severity=Severity.NOTE, sentence=sentence, columns=columns, figures=figures, fix=fix)


def grave(code: str, sentence: str, *, columns: tuple[str, ...] = (), fix: str = "", **figures: float) -> DataFinding:
    """Return a finding under which scores will mislead."""
    return DataFinding(code=code, severity=Severity.ERROR, sentence=sentence, columns=columns, figures=figures, fix=fix)
