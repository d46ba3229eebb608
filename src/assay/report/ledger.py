"""Ledger: every number that a report may show, each with its evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from assay.core.codec import encode
from assay.report.document import Num

JOURNAL = "events.jsonl"


class Source(StrEnum):
    """How a number came to be."""

    GRADED = "graded"
    """Computed by Assay from predictions, on labels that the candidate never saw."""
    REPORTED = "reported"
    """Claimed by the candidate; never ranked and never mixed with graded ones."""
    DERIVED = "derived"
    """Computed from other numbers of the ledger, or from graded scores."""
    ELSEWHERE = "elsewhere"
    """Measured by somebody else and written down by a person; never ranked and never mixed with graded ones."""
    MEASURED = "measured"
    """Read from a clock, the operating system or a provider's bill."""
    COUNTED = "counted"
    """Counted in the journal."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A value and what it rests on."""

    value: float | int | Decimal
    source: Source
    unit: str = ""
    trial: int | None = None
    views: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    """Of the predictions, logs or objects behind it."""
    file: str = JOURNAL
    """Where to look it up, relative to the run folder."""
    basis: str = ""
    """How it was computed, in a few words or the ids it was computed from."""

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        value: dict[str, Any] = encode(self)
        return value


class Ledger:
    """Numbers by id. A report can cite only what is in it."""

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}
        self._graded: dict[int | None, tuple[float, ...]] = {}
        """What was asked for since the last number was entered."""

    def add(self, name: str, value: float | int | Decimal | None, source: Source, **evidence: Any) -> None:
        """Enter a number under `name`; None and non-finite values are no numbers and are left out."""
        if value is not None and math.isfinite(value):
            self._graded.clear()
            self._numbers[name] = Number(value=value, source=source, **evidence)

    def cite(self, name: str, text: str) -> Num:
        """Return `text` as a mention of the number `name`.

        Raises:
            KeyError: There is no evidence under this name: a report must not say it.
        """
        if name not in self._numbers:
            raise KeyError(f"no evidence for {name!r}")
        return Num(text, name)

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def __getitem__(self, name: str) -> Number:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def graded(self, trial: int | None = None) -> tuple[float, ...]:
        """Return the values that Assay graded or derived from grades, of one trial or of all."""
        if trial not in self._graded:
            wanted = (Source.GRADED, Source.DERIVED)
            numbers = [n for n in self._numbers.values() if n.source in wanted and trial in (None, n.trial)]
            self._graded[trial] = tuple(float(n.value) for n in numbers)
        return self._graded[trial]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values, in the order in which the numbers were entered."""
        return {name: number.as_dict() for name, number in self._numbers.items()}
