"""A waiting sandbox around a started process tree."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from assay.core.execution import Outcome
from assay.sandbox.base import Command, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.copying import copy_all
from assay.sandbox.process import TreeProcess
from assay.sandbox.tree import remove_tree
from assay.sandbox.warm import WarmOrder
from assay.sandbox.warm_layout import HOOK, SHOWN, Wires, shown_at

MOST_ENTRIES = 256
"""Files and folders that are copied for a waiting sandbox to see; ..."""
MOST_BYTES = 64 * 2**20
"""... and their bytes. Where there are more, the imports are the smaller part and a usual start mounts the folder."""
_READY_S = 60.0
"""Longest that a hand-over waits for imports under way: a usual start would only begin with them."""
_ANSWER_S = 10.0


class WarmChild:
    """A `Warm` around a started process tree.

    Args:
        order: What it is for.
        process: The tree; its clock has not begun.
        wires: Owned from here on. The folder `shown_at` is removed by the tree's clean-up.
        admit: Called at the hand-over: checks what the sandbox checks at every start and gives the files to their
            user. Returns False where a start the usual way would be another.
    """

    def __init__(
        self,
        order: WarmOrder,
        process: TreeProcess,
        wires: Wires,
        admit: Callable[[Workspace], bool],
    ) -> None:
        self._order = order
        self._process = process
        self._wires = wires
        self._admit = admit
        self._loaded: frozenset[str] | None = None
        self._silent = False
        self._partial = b""
        self._used = False
        self._closed = False
        self._lock = threading.Lock()

    @property
    def root(self) -> Path:
        """The workspace that it was started with."""
        return self._order.root

    @property
    def modules(self) -> tuple[str, ...]:
        """What it was told to import."""
        return self._order.modules

    @property
    def memory_bytes(self) -> int:
        """Memory that it holds, as far as seen."""
        return self._process.peak_memory_bytes or 0

    @property
    def alive(self) -> bool:
        """Whether it waits, or still gets ready."""
        return not self._closed and not self._used and self._process.wait(0) is None

    def get_ready(self, timeout_s: float) -> bool:
        """Return whether it waits, after at most so many seconds."""
        with self._lock:
            return self._get_ready(timeout_s)

    def hand_over(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess | None:
        """Start `command` in it, once."""
        with self._lock:
            try:
                if self._closed or self._used or not self._takes(command, workspace, limits):
                    return None
                if not self._admit(workspace) or not self._show(workspace):
                    return None
                return self._begin(command, limits)
            finally:
                self._close()

    def close(self) -> None:
        """End it unless it was handed over."""
        # Killed before the lock is asked for: whoever holds it waits for the child.
        if not self._used:
            self._process.kill()
        with self._lock:
            self._close()

    # With the lock held.

    def _get_ready(self, timeout_s: float) -> bool:
        if self._closed or self._used:
            return False
        if self._loaded is None:
            said = self._read_until(b"\n", timeout_s)
            if not said.endswith(b"\n"):
                return False
            self._loaded = frozenset(said.decode().strip().split(","))
            self._silent = not self._process.has_printed()
            remove_tree(self._order.root / HOOK)
        return self._process.wait(0) is None

    def _read_until(self, end: bytes, timeout_s: float) -> bytes:
        """Read what the child says until it ends with `end`, it is gone, or the time is up."""
        poller = select.poll()
        poller.register(self._wires.ready, select.POLLIN)
        while not self._partial.endswith(end) and poller.poll(1000 * timeout_s):
            chunk = os.read(self._wires.ready, 1 << 16)
            if not chunk:
                break
            self._partial += chunk
        said, self._partial = self._partial, b""
        return said

    def _takes(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> bool:
        order, told = self._order, set(self._order.told)
        same = (
            command.argv == order.command.argv
            and command.interpreter == order.command.interpreter
            and {name: value for name, value in command.env.items() if name not in told}
            == {name: value for name, value in order.command.env.items() if name not in told}
            and replace(limits, wall_s=0.0) == replace(order.limits, wall_s=0.0)
            and workspace.root == order.root
            and not workspace.devices
            and [mount.target for mount in workspace.mounts] == [SHOWN]
            and workspace.mounts[0].source.is_dir()
        )
        # What it printed while it got ready would come without the script's own wish for silence.
        return same and self._get_ready(_READY_S) and self._silent and not self._shadowed()

    def _shadowed(self) -> bool:
        """Return whether a file of the workspace has the name of a loaded module, which a usual start would prefer."""
        names = {path.name.partition(".")[0] for path in self._order.root.iterdir()}
        return bool(names & (self._loaded or frozenset()))

    def _show(self, workspace: Workspace) -> bool:
        try:
            return copy_all(workspace.mounts[0].source, shown_at(self.root), entries=MOST_ENTRIES, size=MOST_BYTES)
        except OSError:
            return False  # no room: a mount takes none

    def _begin(self, command: Command, limits: SandboxLimits) -> SandboxProcess | None:
        told = "".join(f"{name}={command.env[name]}\0" for name in self._order.told if name in command.env)
        self._process.begin(limits)
        try:
            os.write(self._wires.order, f"{told}\0go".encode())
        except OSError:
            return None
        os.close(self._wires.order)
        self._wires = replace(self._wires, order=-1)
        if self._read_until(b"g", _ANSWER_S) == b"g":
            self._used = True
            return self._process
        if self._process.wait(0) is not None:
            return None
        # It may have begun meanwhile: only its death makes the workspace usable, and then not as if nothing was.
        self._used = True
        self._process.kill(Outcome.INFRA)
        return self._process

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            for end in (self._wires.order, self._wires.ready):
                if end >= 0:
                    os.close(end)
        if not self._used:
            self._process.kill()
            self._process.wait()
            with suppress(OSError):
                remove_tree(self._order.root / HOOK)
