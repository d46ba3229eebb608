"""Sandboxes whose commands are started by the guard: tiers T2, T3, off and external."""

from __future__ import annotations

import marshal
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.clock import Clock, SystemClock
from assay.core.errors import MachineError
from assay.sandbox.base import Command, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.cgroup import Group, Groups, make_group
from assay.sandbox.environment import Interpreter, clean_environment, find_interpreter, replace_python
from assay.sandbox.launched import Launched
from assay.sandbox.leftovers import own_prefix
from assay.sandbox.pipes import Pipes, filled
from assay.sandbox.policy import check_workspace
from assay.sandbox.process import TreeProcess
from assay.sandbox.protect import resource_limits
from assay.sandbox.roster import Roster
from assay.sandbox.slots import UserSlots, is_slot
from assay.sandbox.spawner import Spawn, Spawner
from assay.sandbox.tree import hand_over, link_mount, remove_tree
from assay.sandbox.warm import Warm, WarmOrder
from assay.sandbox.warm_child import WarmChild
from assay.sandbox.warm_layout import Wires, lay_out, shown_at
from assay.sandbox.watchdog import Watchdog

_GUARD = Path(__file__).with_name("_guard.py")


@dataclass(frozen=True, kw_only=True)
class Ids:
    """Who a command runs as."""

    user: int | None = None
    """User id; None keeps the engine's."""
    group: int | None = None
    """Group id that nothing else on this machine has, so that it marks what the command makes; None keeps the engine's.

    Where `user` is set, it is the same number.
    """


@dataclass(frozen=True, kw_only=True)
class Start:
    """One start, with everything that has been decided about it."""

    command: Command
    workspace: Workspace
    limits: SandboxLimits
    interpreter: Interpreter
    tmp: Path
    """Private folder for temporary files; also the home."""
    ids: Ids
    passed: tuple[int, ...] = ()
    """Descriptors that the command gets: those of a command that is started ahead."""


class GuardedSandbox:
    """Clean environment, own session, limits, and an end for the whole tree; subclasses add isolation.

    Args:
        groups: Where control groups can be made; None leaves memory to the watchdog.
        clock: For limits.
        description: The line that tells people what is enforced.
    """

    tier = "off"
    waits_beside = False

    def __init__(self, *, groups: Groups | None = None, clock: Clock | None = None, description: str = "") -> None:
        self.description = description
        self._groups = groups
        self._clock = clock or SystemClock()
        self._slots = UserSlots()
        self._spawner = Spawner()
        self._roster = Roster()

    def start(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess:
        """Start `command`; see `Sandbox.start`."""
        interpreter = find_interpreter(command.interpreter)
        check_workspace(workspace, interpreter.folders)
        ids = self._ids(workspace, interpreter)
        tmp = Path(tempfile.mkdtemp(prefix=own_prefix()))
        start = Start(command=command, workspace=workspace, limits=limits, interpreter=interpreter, tmp=tmp, ids=ids)
        try:
            process = self._launch(start)
        except BaseException:
            self._clean_up(start)
            raise
        self._roster.add(process)
        return process

    def warm(self, order: WarmOrder) -> Warm:
        """Start a sandbox that waits; see `Warmable.warm`."""
        interpreter = find_interpreter(order.command.interpreter)
        wires = Wires.open()
        try:
            command, workspace = lay_out(order, str(order.root), wires)
            check_workspace(workspace, interpreter.folders)
            ids = self._ids(workspace, interpreter)
            tmp = Path(tempfile.mkdtemp(prefix=own_prefix()))
            start = Start(
                command=command,
                workspace=workspace,
                limits=replace(order.limits, wall_s=math.inf),
                interpreter=interpreter,
                tmp=tmp,
                ids=ids,
                passed=wires.ends,
            )
            try:
                process = self._launch(start)
            except BaseException:
                self._clean_up(start)
                raise
        except BaseException:
            wires.close()
            remove_tree(shown_at(order.root))
            raise
        finally:
            wires.close_ends()
        self._roster.add(process)
        return WarmChild(order, process, wires, lambda given: self._admit(start, given))

    def _admit(self, start: Start, workspace: Workspace) -> bool:
        """Do for a waiting command what is done for every other before it starts; False where that is another."""
        check_workspace(workspace, start.interpreter.folders)
        if start.ids.user is not None:
            hand_over(start.workspace.root, start.ids.user, is_ours=lambda uid: uid == 0 or is_slot(uid))
        return True

    def attach(self, handle: str) -> SandboxProcess | None:
        """Return None: no process of this sandbox outlives the engine that started it."""
        del handle
        return None

    def close(self) -> None:
        """End whatever still runs."""
        self._roster.close()
        self._spawner.close()

    def _ids(self, workspace: Workspace, interpreter: Interpreter) -> Ids:
        """Return who to run as; without isolation nothing is gained by another."""
        del workspace, interpreter
        return Ids()

    def _lock(self, start: Start) -> dict[str, Any] | None:
        """Return what the guard shall take from the command before it starts."""
        del start
        return None

    def _prepare(self, start: Start) -> None:
        try:
            for mount in start.workspace.mounts:
                link_mount(start.workspace.root, mount.target, mount.source)
            if start.ids.user is not None:
                hand_over(start.workspace.root, start.ids.user, is_ours=lambda uid: uid == 0 or is_slot(uid))
                hand_over(start.tmp, start.ids.user, is_ours=lambda uid: uid == 0)
        except OSError as error:
            raise MachineError("E514", f"the workspace could not be prepared: {error}") from error

    def _launch(self, start: Start) -> TreeProcess:
        self._prepare(start)
        group = make_group(self._groups, start.limits)
        try:
            guard, pipes = self._spawn(self._order(start), start.passed)
        except OSError as error:
            if group is not None:
                group.remove()
            raise MachineError("E511", f"the guard process could not be started: {error}") from error
        return self._attended(start, guard, pipes, group)

    def _attended(self, start: Start, guard: subprocess.Popen[bytes], pipes: Pipes, group: Group | None) -> TreeProcess:
        launched = Launched(
            guard=guard,
            output=pipes.output,
            status=pipes.status,
            go=pipes.go,
            go_is_lifeline=True,
            limits=resource_limits(start.limits, own_user=start.ids.user is not None),
            group=group,
            clean_up=lambda: self._clean_up(start),
        )
        watchdog = Watchdog(start.limits, self._clock, writable=(start.workspace.root, start.tmp), group=group)
        return TreeProcess(launched, start.limits, watchdog, self._clock)

    def _order(self, start: Start) -> dict[str, Any]:
        env = clean_environment(
            start.interpreter.path,
            home=str(start.tmp),
            tmp=str(start.tmp),
            threads=start.limits.threads,
            extra=start.command.env,
        )
        return {
            "argv": list(replace_python(start.command.argv, start.interpreter.path)),
            "env": env,
            "cwd": str(start.workspace.root),
            "user": start.ids.user,
            "lock": self._lock(start),
            "passed": list(start.passed),
        }

    def _spawn(self, order: dict[str, Any], passed: Sequence[int]) -> tuple[subprocess.Popen[bytes], Pipes]:
        pipes = Pipes.open()
        spec = filled(marshal.dumps(order))
        descriptors: Sequence[int] = (spec, pipes.status_end, pipes.go_end)
        try:
            guard = self._spawner.spawn(
                Spawn(
                    argv=(sys.executable, "-I", "-S", str(_GUARD), *map(str, descriptors)),
                    stdout=pipes.output_end,
                    pass_fds=(*descriptors, *passed),
                )
            )
        except BaseException:
            pipes.close_ours()
            raise
        finally:
            pipes.close_guards_ends()
            os.close(spec)
        return guard, pipes

    def _clean_up(self, start: Start) -> None:
        with suppress(OSError):
            remove_tree(start.tmp)
        if start.passed:
            with suppress(OSError):
                remove_tree(shown_at(start.workspace.root))
        if start.ids.group is not None:
            self._slots.give_back(start.ids.group)


class LocalSandbox(GuardedSandbox):
    """Tier `off`: a clean environment and limits, and nothing that keeps the command from the rest of the machine."""


if TYPE_CHECKING:
    from assay.sandbox.base import Sandbox

    def _conforms(sandbox: GuardedSandbox) -> Sandbox:
        return sandbox
