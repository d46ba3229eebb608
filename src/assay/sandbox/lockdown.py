"""Tier T2: Landlock and the system-call filter; tier T3: only another user id and the filter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import assay
from assay.core.clock import Clock
from assay.core.errors import MachineError
from assay.sandbox import _guard
from assay.sandbox.base import Workspace
from assay.sandbox.cgroup import Groups
from assay.sandbox.environment import Interpreter, find_interpreter
from assay.sandbox.guarded import GuardedSandbox, Ids, Start
from assay.sandbox.policy import ETC_ENTRIES, SYSTEM_FOLDERS
from assay.sandbox.seccomp import FilterPolicy, build_filter
from assay.sandbox.shared_memory import SHARED_MEMORY, clear_shared_memory
from assay.sandbox.sockets import reachable_sockets
from assay.sandbox.syscalls import architecture

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_TRUNCATE_ABI = 3
_UNIX_SOCKET_ABI = 9


def landlock_abi() -> int:
    """Return the version of Landlock that this kernel offers, 0 for none."""
    return int(_guard.landlock_abi())


class LockdownSandbox(GuardedSandbox):
    """Takes file access, network, tracing and signals from each command before it starts.

    Started by root it also runs each command as a user of its own, where that user can reach the interpreter.

    Args:
        abi: Version of Landlock to use; 0 leaves only the user id and the filter, which needs root (tier T3).
        groups: Where control groups can be made; None leaves memory to the watchdog.
        clock: For limits.
        description: The line that tells people what is enforced.
    """

    def __init__(
        self, *, abi: int, groups: Groups | None = None, clock: Clock | None = None, description: str = ""
    ) -> None:
        machine = architecture()
        if machine is None:
            raise MachineError("E512", f"no system-call filter is known for {os.uname().machine!r}")
        super().__init__(groups=groups, clock=clock, description=description)
        self.tier = "T2" if abi else "T3"
        self._abi = abi
        unix = abi >= _UNIX_SOCKET_ABI or not reachable_sockets(other_user=os.geteuid() == 0)
        self._filter = build_filter(
            FilterPolicy(
                inet=False,
                unix=unix,
                memfd=groups is not None,
                apart=True,
                freeze_metadata=True,
                deny_truncate=abi < _TRUNCATE_ABI,
            ),
            machine,
        )

    def _ids(self, workspace: Workspace, interpreter: Interpreter) -> Ids:
        sources = [mount.source for mount in workspace.mounts]
        needed = [*interpreter.folders, workspace.root.parent, *sources]
        mark = self._slots.take()
        if mark is not None and all(open_to_all(path) for path in needed):
            return Ids(user=mark, group=mark)
        if self._abi == 0:
            if mark is not None:
                self._slots.give_back(mark)
            raise MachineError("E511", "generated code needs a user id of its own here, and none can be given to it")
        return Ids(group=mark)

    def _lock(self, start: Start) -> dict[str, Any]:
        read = [*SYSTEM_FOLDERS, *ETC_ENTRIES, "/proc", "/sys", *start.interpreter.folders]
        read += [mount.source.resolve() for mount in start.workspace.mounts]
        write = [start.workspace.root.resolve(), start.tmp.resolve(), *_DEVICES, *start.workspace.devices]
        if start.ids.group is not None:
            # Without a mark nobody could tell what a candidate left there from what another program needs.
            write.append(SHARED_MEMORY)
        return {
            "user": start.ids.user,
            "group": start.ids.group,
            "abi": self._abi,
            "read": [str(path) for path in read],
            "write": [str(path) for path in write],
            "filter": self._filter,
        }

    def _admit(self, start: Start, workspace: Workspace) -> bool:
        # Whether it runs as a user of its own must not depend on whether it waited.
        if start.ids.user is not None and not all(open_to_all(mount.source) for mount in workspace.mounts):
            return False
        return super()._admit(start, workspace)

    def _clean_up(self, start: Start) -> None:
        if start.ids.group is not None:
            clear_shared_memory(start.ids.group)
        super()._clean_up(start)


def open_to_all(path: Path) -> bool:
    """Return whether every user can reach and read `path`."""
    real = path.resolve()
    reachable = all(parent.stat().st_mode & 0o001 for parent in real.parents)
    wanted = 0o005 if real.is_dir() else 0o004
    return reachable and real.stat().st_mode & wanted == wanted


def lock_down(*, read: Sequence[Path], write: Sequence[Path]) -> str:
    """Take network, tracing and all other file access from this very process, for good; best effort.

    For a trusted helper that is about to read hostile bytes, after its imports. Threads that already run keep their
    file access (Landlock is set for the calling thread and what it starts), so call it before starting any.
    The interpreter, this package and the system's libraries stay readable, for imports that come late.

    Args:
        read: Files and folders to keep readable.
        write: Files and folders to keep readable and writable.

    Returns:
        What is enforced, for people: `Landlock ABI 7 and seccomp`, `seccomp` or `nothing: <why>`.
    """
    machine = architecture()
    if not sys.platform.startswith("linux") or machine is None:
        return f"nothing: not supported on {sys.platform} {os.uname().machine}"
    abi = landlock_abi()
    kept = [*SYSTEM_FOLDERS, *ETC_ENTRIES, "/proc/self", *find_interpreter(None).folders]
    kept += [Path(assay.__file__).parent, *read]
    program = build_filter(FilterPolicy(inet=False, unix=False, memfd=True, deny_truncate=abi < _TRUNCATE_ABI), machine)
    enforced = []
    try:
        _guard.drop_privileges(None)
        if abi:
            written = [str(path) for path in (*write, *_DEVICES)]
            _guard.restrict_files([str(path) for path in kept], written, abi, network=False)
            enforced.append(f"Landlock ABI {abi}")
        _guard.install_filter(program)
        enforced.append("seccomp")
    except OSError as error:
        enforced = enforced or [f"nothing: {error}"]
    return " and ".join(enforced)


def try_lock_down() -> str:
    """Return what `lock_down` enforces on this machine, tried in a process of its own."""
    program = "from assay.sandbox import lock_down; print(lock_down(read=[], write=[]))"
    tried = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    return tried.stdout.strip() or f"nothing: {(tried.stderr.strip().splitlines() or ['it ended'])[-1]}"


if TYPE_CHECKING:
    from assay.sandbox.base import Sandbox

    def _conforms(sandbox: LockdownSandbox) -> Sandbox:
        return sandbox
