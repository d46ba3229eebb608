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
    live: bool = False
    """Whether files may be added to the source, a folder without folders, while the process runs."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The one writable folder of a process, and what it may read besides."""

    root: Path
    """Absolute host path of an existing folder; becomes the working directory, under whatever name. The sandbox never
    deletes it. Run by root it may give it, with the files in it, to the user id that the process runs as."""
    mounts: tuple[Mount, ...] = ()
    secrets: tuple[Path, ...] = ()
    """Host paths that must not be reachable: a workspace, mount or interpreter folder whose tree contains one, and a
    mount that lies in one, are refused before the start. They need not exist."""
    devices: tuple[Path, ...] = ()
    """Device nodes that it may use besides the usual ones: those of a graphics processor that it alone has."""
    hidden: tuple[Path, ...] = ()
    """Host folders that must not be shown as a whole: whatever contains one is refused. What lies in one may be shown,
    as a view does whose run is kept inside the user's data folder."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run."""

    argv: tuple[str, ...]
    """Program and arguments. Paths are relative to the workspace. A first word of `python` or `python3` is replaced by
    the path of the interpreter."""
    interpreter: Path | None = None
    """A Python executable whose prefix (and base prefix) is made readable; None means Assay's own."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The only variables added to the clean environment that the sandbox builds from nothing; they win."""


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    """Bounds of one process tree. The first that is passed ends it and names the outcome."""

    wall_s: float
    """Seconds from the moment the command is let go."""
    memory_bytes: int
    """Of the whole tree."""
    threads: int = 1
    """Cores it may use: told to OpenMP, BLAS, loky and the like; a program that ignores them is not held back."""
    gpus: int = 0
    """Graphics processors that it has for itself, 0 or 1."""
    processes: int = 1024
    """Processes and threads of the tree together."""
    workspace_bytes: int = 10 * 2**30
    """What its writable folders may hold together."""
    workspace_files: int = 50_000
    """Files in them."""
    tmp_bytes: int = 2 * 2**30
    """Of its temporary folder."""
    log_bytes: int = 20 * 2**20
    """Printed output that is kept: its head and its tail."""
    output_bytes: int = 2**30
    """Printed output that ends the process."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a process ended. Every process of its tree is dead when this exists."""

    outcome: Outcome
    exit_code: int | None
    """128 + n if signal n ended it; None if it never started or was killed before it could end."""
    wall_s: float
    """From the moment the command was let go; the sandbox's own set-up is not in it."""
    cpu_s: float | None
    """Processor seconds of the tree; None where it could not be measured."""
    peak_memory_bytes: int | None
    """Of the tree where a control group counts it; else the largest of what was seen."""
    log: bytes
    """Kept output, standard output and error in the order they came; a marker line stands where some was cut."""
    stuck_at: str = ""
    """Python stack at the time-out, if it could be had."""
    detail: str = ""
    """One sentence on the cause, for people."""
    tier: str = ""
    """Isolation that it ran under; empty where that is the tier of its sandbox."""
    node: str = ""
    """Where it ran, for sandboxes of several machines."""


class SandboxProcess(Protocol):
    """A started process tree."""

    @property
    def handle(self) -> str:
        """Pid and start time as text, for the journal; `Sandbox.attach` of a later engine process takes it."""
        ...

    def wait(self, timeout_s: float | None = None) -> Finished | None:
        """Wait for the end; return None if it is still running after `timeout_s` seconds.

        A breach of its limits ends it while somebody waits or not. Called from one thread at a time.

        Args:
            timeout_s: Most seconds of waiting, 0 or more; None waits for the end.
        """
        ...

    def tail(self, size: int = 8_000) -> str:
        """Return the last `size` characters printed so far; callable from any thread at any time."""
        ...

    def news(self, position: int) -> tuple[bytes, int]:
        """Return what was printed from the `position`-th byte on, and the position after it, for the next call.

        What was cut meanwhile, because more was printed than is kept, is missing. Callable from any thread.

        Args:
            position: 0 at first, then what the last call returned.
        """
        ...

    def last_output_age_s(self) -> float:
        """Return the seconds since it last printed, or since its start."""
        ...

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """End the whole tree now; `wait` then reports `outcome`. Callable from any thread, any number of times.

        Args:
            outcome: Why; where a limit or an earlier call ended it already, that stands.
        """
        ...


class Sandbox(Protocol):
    """Runs commands that nobody trusts. Called by the engine from several threads."""

    @property
    def tier(self) -> str:
        """`T1` (namespaces), `T2` (Landlock and seccomp), `T3` (own user id), `external`, `off` or `fake`."""
        ...

    @property
    def description(self) -> str:
        """What is enforced, in a line for people."""
        ...

    def start(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess:
        """Start `command` with `workspace.root` as its working directory.

        Returns at once. What goes wrong later in the set-up ends the process with `Outcome.INFRA`.

        Args:
            command: What to run.
            workspace: Where, and what it may read; it belongs to the process until that ended.
            limits: What ends it.

        Raises:
            MachineError: The sandbox could not be set up: never the candidate's fault.
            IntegrityError: A mount would expose one of `workspace.secrets` or `workspace.hidden`.
        """
        ...

    def attach(self, handle: str) -> SandboxProcess | None:
        """Return the process that an earlier engine started, or None if it is gone or was never ours.

        None always for sandboxes of this package: no process of theirs outlives the engine, however that ends.

        Args:
            handle: `SandboxProcess.handle`, as the journal kept it.
        """
        ...

    def close(self) -> None:
        """End whatever still runs and free what the sandbox holds."""
        ...
