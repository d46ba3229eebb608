"""The seam of waiting sandboxes: started ahead, with the usual imports done, each used once or never."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from assay.sandbox.base import Command, SandboxLimits, SandboxProcess, Workspace


@dataclass(frozen=True, kw_only=True)
class WarmOrder:
    """What is known of a command before its files are there."""

    command: Command
    """As it will be started, but for the values of `told`. Its program is Python and runs a script."""
    limits: SandboxLimits
    """As they will be; the wall time is told at the hand-over and counts from there."""
    root: Path
    """The workspace: an existing, empty folder. Its neighbour `ROOT-input` is made, and removed at the end."""
    modules: tuple[str, ...]
    """Modules to import, in this order; one with a dot that does not exist is passed over."""
    told: tuple[str, ...] = ()
    """Variables of the command whose values come with the hand-over. No import may depend on them."""


class Warm(Protocol):
    """One waiting sandbox."""

    @property
    def root(self) -> Path:
        """The workspace that it was started with."""
        ...

    @property
    def modules(self) -> tuple[str, ...]:
        """What it was told to import."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Memory that it holds, as far as seen; 0 if not yet."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it waits, or still gets ready."""
        ...

    def get_ready(self, timeout_s: float) -> bool:
        """Return whether it waits, after at most so many seconds. Callable from several threads."""
        ...

    def hand_over(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess | None:
        """Start `command` in it, once.

        Returns:
            The process; None where anything differs from the order or it has died: nothing of the command has run, the
            sandbox is closed, and the same workspace can be started the usual way.

        Raises:
            IntegrityError, MachineError: As by `Sandbox.start`; it is closed.
        """
        ...

    def close(self) -> None:
        """End it unless it was handed over; any number of times, from any thread. The workspace stays."""
        ...


@runtime_checkable
class Warmable(Protocol):
    """A sandbox that can be started ahead."""

    waits_beside: bool
    """Whether one may wait while a candidate runs: only where neither can see or touch the other (T1)."""

    def warm(self, order: WarmOrder) -> Warm:
        """Start a sandbox that waits.

        Raises:
            MachineError: It could not be set up.
        """
        ...
