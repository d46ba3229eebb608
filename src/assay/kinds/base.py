"""The kind seam: what a candidate of one kind is made of, how it is run, and how its failure is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.execution import Execution
from assay.sandbox.base import Command


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A named, editable region of a candidate."""

    name: str
    file: str
    start: int
    """First line, counted from 1."""
    end: int
    """Last line, included."""
    text: str
    protected: bool = False

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the text."""
        return digest_text(self.text)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an attempt produced nothing that counts, as a repairer needs to know it."""

    outcome: str
    """The execution's outcome, or `invalid output`."""
    summary: str
    """One line for tables."""
    detail: str
    """The end of the traceback, or everything that is wrong with the output."""
    signature: str
    """Equal for equal failures: digest of the error without numbers and addresses."""
    missing_module: str = ""
    """Top-level module that could not be imported."""


class Kind(Protocol):
    """What the engine must know of a kind of candidate. Stateless; called from several threads."""

    @property
    def name(self) -> str:
        """The candidate's `kind`."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names under `./output` that are taken after an execution; the first is the one that is graded."""
        ...

    def command(self, candidate: Candidate, *, python: Path | None, seed: int, threads: int) -> Command:
        """Return how to run `candidate` in its workspace.

        Args:
            candidate: Its files lie in the workspace's root.
            python: Interpreter to run it with; None means Assay's own.
            seed: Told to the candidate as `ASSAY_SEED`.
            threads: Told to the candidate as `ASSAY_THREADS`.
        """
        ...

    def units(self, candidate: Candidate) -> tuple[Unit, ...]:
        """Return the regions that may be edited, in order; together they cover the entry file."""
        ...

    def replace(self, candidate: Candidate, unit: Unit, text: str) -> Candidate:
        """Return `candidate` with `unit` replaced by `text`, found by position and checked by digest.

        Raises:
            IntegrityError: The unit is protected, or the candidate no longer holds it there (E404).
            ValueError: The result does not parse.
        """
        ...

    def diagnose(self, execution: Execution, problems: tuple[str, ...]) -> Failure | None:
        """Return why the execution does not count, or None if it does.

        Args:
            execution: What came back.
            problems: What the grader found wrong with the output; empty if it was graded.
        """
        ...
