"""Options of the strategies `notebook` and `notebook_review`, read from `--set NAME=VALUE` or a file of settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar

from assay.core.errors import UsageError

T = TypeVar("T")

Stage = Literal["", "generate", "execute", "analyze"]
STAGES: tuple[Stage, ...] = ("generate", "execute", "analyze")
"""Stages of `notebook` that can be run alone, each on what the stage before it left."""
REVIEW_LOCKS = ("setup", "data", "loading", "baseline", "evaluation", "saving")
"""Words in a cell's section, headings, name or subtask that lock it in a review, unless others are given."""


CELL_TIMEOUT = "cell_timeout_s"


@dataclass(frozen=True, kw_only=True)
class NotebookOptions:
    """How far `notebook` goes."""

    max_iterations: int = 5
    """Notebooks that are written and run at most."""
    success_threshold: float | None = None
    """A graded score that ends the loop, in the metric's own direction; None goes on to the last iteration."""
    baselines: bool = True
    """Whether the constant and the plain boosting are run first, as in every search; they measure the noise."""
    only: Stage = ""
    """One stage alone; empty runs all of them."""
    source: str = ""
    """For one stage alone: the run or the notebook that it works on; empty takes the best earlier run."""
    ideas: str = ""
    """An `idea.json`; empty leaves the choice free, and the record says so."""
    cell_timeout_s: float | None = None
    """Most seconds of one cell; None bounds only a whole execution."""

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Self:
        """Return the options named in `arguments`.

        Raises:
            UsageError: There is no such option, or its value is not one that it may have (E025).
        """
        return _read(cls, "notebook", arguments, _GENERATE)


@dataclass(frozen=True, kw_only=True)
class ReviewOptions:
    """How far `notebook_review` goes."""

    max_iterations: int = 10
    """Rounds of critique and edits at most."""
    pass_threshold: float | None = None
    """A graded score that ends the review, if the notebook beats the locked baseline too; None: all rounds."""
    source: str = ""
    """The run or the notebook that is reviewed; empty takes the best earlier run with a notebook on this task."""
    protected_sections: tuple[str, ...] = REVIEW_LOCKS
    """Words in a cell's section, headings, name or subtask that lock it."""
    locked: tuple[str, ...] = ()
    """Ids of further cells that are locked."""
    open: tuple[str, ...] = ()
    """Ids of cells that a person wants open; whatever locks a cell wins over this."""
    cell_timeout_s: float | None = None
    """Most seconds of one cell; None bounds only a whole execution."""

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Self:
        """Return the options named in `arguments`.

        Raises:
            UsageError: There is no such option, or its value is not one that it may have (E025).
        """
        return _read(cls, "notebook_review", arguments, _REVIEW)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("must be a whole number, at least 1")
    return int(text)


def _score(text: str) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def cell_seconds(arguments: Mapping[str, str]) -> float | None:
    """Return the most seconds of one cell that the options of a strategy name; None where they name none.

    Raises:
        UsageError: The value is not one that it may have (E025).
    """
    try:
        return _seconds(arguments.get(CELL_TIMEOUT, ""))
    except ValueError as error:
        raise UsageError("E025", f"{CELL_TIMEOUT}={arguments[CELL_TIMEOUT]!r}: {error}") from error


def _seconds(text: str) -> float | None:
    value = _score(text)
    if value is not None and value <= 0:
        raise ValueError("must be more than 0 seconds")
    return value


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return text == "1"


def _stage(text: str) -> Stage:
    for stage in STAGES:
        if text == stage:
            return stage
    raise ValueError(f"must be {', '.join(STAGES[:-1])} or {STAGES[-1]}")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


_GENERATE: Mapping[str, Callable[[str], Any]] = {
    "max_iterations": _count,
    "success_threshold": _score,
    "baselines": _switch,
    "only": _stage,
    "source": str,
    "ideas": str,
    CELL_TIMEOUT: _seconds,
}
_REVIEW: Mapping[str, Callable[[str], Any]] = {
    "max_iterations": _count,
    "pass_threshold": _score,
    "source": str,
    "protected_sections": _words,
    "locked": _words,
    "open": _words,
    CELL_TIMEOUT: _seconds,
}


def _read(
    cls: Callable[..., T], strategy: str, arguments: Mapping[str, str], readers: Mapping[str, Callable[[str], Any]]
) -> T:
    given, wrong = {}, []
    for name, text in arguments.items():
        if name not in readers:
            wrong.append(f"it has no option {name!r}; it has {', '.join(readers)}")
            continue
        try:
            given[name] = readers[name](text)
        except ValueError as error:
            wrong.append(f"{name}={text!r}: {error}")
    if wrong:
        raise UsageError("E025", f"strategy {strategy!r}: {'; '.join(wrong)}")
    return cls(**given)
