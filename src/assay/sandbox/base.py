"""The sandbox seam: how untrusted code is started, watched and ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assay.core.execution import Outcome


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file or folder that the process sees read-only."""

    source: Path
    """Absolute path on the host."""
    target: str
    """Where it appears, relative to the workspace: `input` is seen as `./input`."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The one writable folder of a process, and what it may read besides."""

    root: Path
    """Absolute host path of an existing folder; becomes the working directory. The sandbox never deletes it."""
    mounts: tuple[Mount, ...] = ()
    secrets: tuple[Path, ...] = ()
    """Host paths that must not be reachable: a mount whose tree contains one is refused before the start."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run."""

    argv: tuple[str, ...]
    """Program and arguments. Paths are relative to the workspace, except the interpreter."""
    interpreter: Path | None = None
    """A Python executable whose prefix (and base prefix) must be readable; None means Assay's own."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The only variables added to the clean environment that the sandbox builds from nothing."""


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    """Bounds of one process tree. The first that is passed ends it and names the outcome."""

    wall_s: float
    memory_bytes: int
    threads: int = 1
    """Cores it may use; also told to OpenMP, BLAS and loky."""
    processes: int = 1024
    workspace_bytes: int = 10 * 2**30
    workspace_files: int = 50_000
    tmp_bytes: int = 2 * 2**30
    log_bytes: int = 20 * 2**20
    """Printed output that is kept: its head and its tail."""
    output_bytes: int = 2**30
    """Printed output that ends the process."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a process ended. Every process of its tree is dead when this exists."""

    outcome: Outcome
    exit_code: int | None
    wall_s: float
    cpu_s: float | None
    peak_memory_bytes: int | None
    log: bytes
    """Kept output, standard output and error in the order they came; a marker line stands where some was cut."""
    stuck_at: str = ""
    """Python stack at the time-out, if it could be had."""
    detail: str = ""
    """One sentence on the cause, for people."""


class SandboxProcess(Protocol):
    """A started process tree."""

    @property
    def handle(self) -> str:
        """Text by which `Sandbox.attach` of a later engine process finds it again: pid and start time."""
        ...

    def wait(self, timeout_s: float | None = None) -> Finished | None:
        """Wait for the end; return None if it is still running after `timeout_s` seconds.

        A breach of its limits ends it while somebody waits or not. Called from one thread at a time.
        """
        ...

    def tail(self, size: int = 8_000) -> str:
        """Return the last `size` characters printed so far; callable from any thread at any time."""
        ...

    def last_output_age_s(self) -> float:
        """Return the seconds since it last printed, or since its start."""
        ...

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """End the whole tree now; `wait` then reports `outcome`. Callable from any thread, any number of times."""
        ...


class Sandbox(Protocol):
    """Runs commands that nobody trusts. Called by the engine from several threads."""

    @property
    def tier(self) -> str:
        """`T1` (namespaces), `T2` (Landlock and seccomp), `T3` (own user id), `off` or `fake`."""
        ...

    @property
    def description(self) -> str:
        """The line of `sandbox.md` section 6.5 that says what is enforced, for people."""
        ...

    def start(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess:
        """Start `command` with `workspace.root` as its working directory.

        Raises:
            MachineError: The sandbox could not be set up: never the candidate's fault.
            IntegrityError: A mount would expose one of `workspace.secrets`.
        """
        ...

    def attach(self, handle: str) -> SandboxProcess | None:
        """Return the process that an earlier engine started, or None if it is gone or was never ours."""
        ...

    def close(self) -> None:
        """End whatever still runs and free what the sandbox holds."""
        ...
