"""Statements: what an exploring notebook says of the data, read from a file that nobody trusts."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from assay.strategies.ideas.frame import MOST_STATEMENTS

MOST_COLUMNS = 3
_MOST_BYTES = 200_000


class Kind(StrEnum):
    """What a statement says."""

    TELLS = "tells"
    """These columns tell of the target."""
    SHIFT = "shift"
    """This column is distributed otherwise in the test file."""
    REPEATS = "repeats"
    """Rows repeat in these columns."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing that a notebook says."""

    kind: Kind
    columns: tuple[str, ...]
    effect: float
    """As claimed, 0 .. 1."""

    @property
    def sentence(self) -> str:
        """What it says, in words."""
        names = ", ".join(f"`{name}`" for name in self.columns) or "all columns"
        if self.kind is Kind.SHIFT:
            return f"{names} is distributed otherwise in the test file"
        if self.kind is Kind.REPEATS:
            return f"rows repeat in {names}"
        return f"{names} tell of the target together" if len(self.columns) > 1 else f"{names} tells of the target"


def read_statements(path: Path, columns: Collection[str]) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
    """Return the statements in `path`, each once, and what was wrong with others.

    Args:
        path: Written by generated code.
        columns: Those that a statement may name.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            return (), (f"{path.name} is larger than {_MOST_BYTES:,} bytes",)
        listed = json.loads(path.read_text(encoding="utf-8"))["statements"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return (), (f"the file of statements cannot be read ({type(error).__name__})",)
    if not isinstance(listed, list):
        return (), ("the statements are no list",)
    found: dict[tuple[Kind, tuple[str, ...]], Statement] = {}
    problems = []
    for item in listed[:MOST_STATEMENTS]:
        try:
            statement = _statement(item, columns)
        except (TypeError, ValueError, KeyError) as error:
            problems.append(f"a statement is none: {str(error)[:150]}")
            continue
        found.setdefault((statement.kind, tuple(sorted(statement.columns))), statement)
    return tuple(found.values()), tuple(problems)


def _statement(item: Any, columns: Collection[str]) -> Statement:
    kind, effect = Kind(item["kind"]), float(item["effect"])
    names = tuple(dict.fromkeys(str(name) for name in item["columns"]))
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise ValueError(f"there is no column {unknown[0][:60]!r}")
    fewest, most = {Kind.TELLS: (1, MOST_COLUMNS), Kind.SHIFT: (1, 1), Kind.REPEATS: (0, len(columns))}[kind]
    if not fewest <= len(names) <= most or not math.isfinite(effect):
        raise ValueError(f"{kind.value} of {len(names)} columns with the effect {effect}")
    return Statement(kind=kind, columns=names, effect=min(max(effect, 0.0), 1.0))
