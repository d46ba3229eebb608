"""The kind seam: what a candidate of one kind is made of, how it is run, and how its failure is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.execution import Execution, Outcome, UnitRun
from assay.sandbox.base import Command, SandboxLimits


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
    unit: str = ""
    """Name of the unit that failed, where units are run one by one."""
    line: int = 0
    """Line of that unit that raised, from 1; 0 if that is not known."""
    error: str = ""
    """Type and message of what was raised, in full."""


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


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One start of a candidate under a driver, which runs its units one by one and tells of each."""

    command: Command
    files: Mapping[str, str]
    """Path in the workspace to text: laid out after the candidate's own files."""
    takes: tuple[str, ...]
    """Paths in the workspace that are taken when everything is dead; kept under the last part of their names."""
    token: str
    """Secret of this start; whatever is told without it does not count."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a driver has told so far."""

    log: bytes
    """Everything printed but the driver's own lines."""
    units: tuple[UnitRun, ...] = ()
    outcome: Outcome | None = None
    """How the run ended; None if it has not, or if the driver could not say."""
    detail: str = ""
    broken: str = ""
    """What kept the driver from its work, such as a package that is missing; its candidate is not to blame."""
    halts: int = 0
    """How often it has halted at a unit that failed."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Path in `Launch.takes` to the SHA-256 of what the driver wrote there."""


@runtime_checkable
class Imports(Protocol):
    """A kind that tells what its candidates import before they do anything else, so that it can be done ahead."""

    def early_imports(self, candidate: Candidate) -> tuple[str, ...]:
        """Return the modules in the order of the candidate; empty where nothing can be done ahead."""
        ...


@runtime_checkable
class Driven(Protocol):
    """A kind whose units are run one by one by a driver inside the sandbox; its failing unit can be mended live."""

    def launch(
        self, candidate: Candidate, *, python: Path | None, seed: int, limits: SandboxLimits, inbox: str = ""
    ) -> Launch:
        """Return how to start `candidate` once.

        Args:
            candidate: Its files lie in the workspace's root.
            python: As for `Kind.command`.
            seed: As for `Kind.command`.
            limits: Bounds of this execution; the driver ends its run a little before `wall_s`.
            inbox: Path in the workspace of a folder, read-only there, where answers to halts appear; empty: the run
                ends at the first unit that fails.

        Raises:
            TaskError: The candidate cannot be read (E138).
        """
        ...

    def told(self, launch: Launch, printed: bytes) -> Told:
        """Return what the driver has told by now.

        Args:
            launch: The start.
            printed: Everything that came out of the sandbox, hostile text among it.
        """
        ...

    def answer(self, launch: Launch, halted: Candidate, mended: Candidate | None, unit: str) -> str | None:
        """Return what to put into the inbox so that the driver goes on from `unit` as `mended` has it.

        Args:
            launch: The start.
            halted: What is running.
            mended: What it shall become; None lets the run end.
            unit: The unit at which it halted.

        Returns:
            The answer's text; None if `mended` differs before that unit, so that its live state would not be its own.
        """
        ...

    def answer_name(self, round: int) -> str:
        """Return the name of the file in the inbox that answers the halt of that number, from 1."""
        ...
