"""What a launcher hands over: a guard that waits, and its pipes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from assay.sandbox.cgroup import Group


@dataclass(frozen=True, kw_only=True)
class Launched:
    """What a launcher hands over: a guard process that will start the command when it is told to.

    The guard (bwrap, or our own supervisor) writes JSON lines to `status`: first `child-pid`, in the end `exit-code`.
    """

    guard: subprocess.Popen[bytes]
    output: int
    """Read end of the pipe for standard output and error."""
    status: int
    """Read end."""
    go: int
    """Write end: one byte lets the command start."""
    go_is_lifeline: bool
    """Whether the guard kills its tree when `go` is closed; else the tree hangs on `child-pid`, which is killed."""
    limits: dict[int, int]
    """Resource limits, set before the command starts."""
    group: Group | None
    clean_up: Callable[[], None]
    """Called once when everything is dead."""
