"""Tier T1: namespaces by bubblewrap, with the system-call filter on top."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.core.clock import Clock, SystemClock
from assay.core.errors import MachineError
from assay.sandbox.base import Command, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.bwrap import Bwrap, World, arguments, workplace
from assay.sandbox.cgroup import Groups, make_group
from assay.sandbox.environment import Interpreter, clean_environment, find_interpreter, replace_python
from assay.sandbox.launched import Launched
from assay.sandbox.pipes import Pipes, filled
from assay.sandbox.policy import check_workspace
from assay.sandbox.process import TreeProcess
from assay.sandbox.protect import resource_limits
from assay.sandbox.roster import Roster
from assay.sandbox.seccomp import FilterPolicy, build_filter
from assay.sandbox.slots import UserSlots, is_slot
from assay.sandbox.spawner import Spawn, Spawner
from assay.sandbox.syscalls import architecture
from assay.sandbox.tree import hand_over, make_mount_point, remove_tree
from assay.sandbox.warm import Warm, WarmOrder
from assay.sandbox.warm_child import WarmChild
from assay.sandbox.warm_layout import Wires, lay_out, shown_at
from assay.sandbox.watchdog import Watchdog

_MOST_SHM_BYTES = 8 * 2**30
_SWITCH = "import os,sys;u=int(sys.argv[1]);os.setgroups([]);os.setresgid(u,u,u);os.setresuid(u,u,u);os.execv(sys.argv[2],sys.argv[2:])"  # noqa: E501


class NamespaceSandbox:
    """Runs each command in a private world: own files, processes, network, users, and nothing of the host's.

    Args:
        bwrap: The program, see `find_bwrap`.
        groups: Where control groups can be made; None leaves memory to the watchdog.
        clock: For limits.
        description: The line that tells people what is enforced.
    """

    tier = "T1"
    waits_beside = True

    def __init__(
        self, bwrap: Bwrap, *, groups: Groups | None = None, clock: Clock | None = None, description: str = ""
    ) -> None:
        machine = architecture()
        if machine is None:
            raise MachineError("E512", f"no system-call filter is known for {os.uname().machine!r}")
        self.description = description
        self._bwrap = bwrap
        self._groups = groups
        self._clock = clock or SystemClock()
        self._filter = build_filter(
            FilterPolicy(inet=True, memfd=groups is not None, shared_ipc=groups is not None, apart=True), machine
        )
        self._slots = UserSlots()
        self._spawner = Spawner()
        self._roster = Roster()

    def start(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess:
        """Start `command`; see `Sandbox.start`."""
        interpreter = find_interpreter(command.interpreter)
        check_workspace(workspace, interpreter.folders)
        user = self._slots.take()
        try:
            process = self._launch(command, workspace, limits, interpreter, user)
        except BaseException:
            self._give_back(user)
            raise
        self._roster.add(process)
        return process

    def warm(self, order: WarmOrder) -> Warm:
        """Start a sandbox that waits; see `Warmable.warm`."""
        interpreter = find_interpreter(order.command.interpreter)
        user = self._slots.take()
        try:
            wires = Wires.open()
        except BaseException:
            self._give_back(user)
            raise
        try:
            command, workspace = lay_out(order, workplace(interpreter.folders), wires)
            check_workspace(workspace, interpreter.folders)
            limits = replace(order.limits, wall_s=math.inf)
            process = self._launch(command, workspace, limits, interpreter, user, passed=wires.ends)
        except BaseException:
            self._give_back(user)
            wires.close()
            remove_tree(shown_at(order.root))
            raise
        finally:
            wires.close_ends()
        self._roster.add(process)
        return WarmChild(order, process, wires, lambda given: self._admit(given, interpreter, user))

    def _admit(self, workspace: Workspace, interpreter: Interpreter, user: int | None) -> bool:
        """Do for a waiting command what is done for every other before it starts."""
        check_workspace(workspace, interpreter.folders)
        if user is not None:
            hand_over(workspace.root, user, is_ours=lambda uid: uid == 0 or is_slot(uid))
        return True

    def attach(self, handle: str) -> SandboxProcess | None:
        """Return None: no process of this sandbox outlives the engine that started it."""
        del handle
        return None

    def close(self) -> None:
        """End whatever still runs."""
        self._roster.close()
        self._spawner.close()

    def _launch(
        self,
        command: Command,
        workspace: Workspace,
        limits: SandboxLimits,
        interpreter: Interpreter,
        user: int | None,
        passed: Sequence[int] = (),
    ) -> TreeProcess:
        self._prepare(workspace, user)
        world = self._world(command, workspace, limits, interpreter, user)
        argv = replace_python(command.argv, interpreter.path)
        if user is not None:
            argv = (*_switch_user(user, interpreter), *argv)
        group = make_group(self._groups, limits)
        try:
            guard, pipes = self._spawn(world, argv, passed)
        except OSError as error:
            if group is not None:
                group.remove()
            raise MachineError("E511", f"bubblewrap could not be started: {error}", fix="assay doctor") from error
        launched = Launched(
            guard=guard,
            output=pipes.output,
            status=pipes.status,
            go=pipes.go,
            go_is_lifeline=False,
            limits=resource_limits(limits, own_user=True),
            group=group,
            clean_up=lambda: self._clean_up(workspace, user, waited=bool(passed)),
        )
        watchdog = Watchdog(limits, self._clock, writable=(workspace.root,), group=group, tmpfs=("/tmp", "/dev/shm"))
        return TreeProcess(launched, limits, watchdog, self._clock)

    def _prepare(self, workspace: Workspace, user: int | None) -> None:
        try:
            for mount in workspace.mounts:
                make_mount_point(workspace.root, mount.target, folder=mount.source.is_dir())
            if user is not None:
                hand_over(workspace.root, user, is_ours=lambda uid: uid == 0 or is_slot(uid))
        except OSError as error:
            raise MachineError("E514", f"the workspace could not be prepared: {error}") from error

    def _world(
        self,
        command: Command,
        workspace: Workspace,
        limits: SandboxLimits,
        interpreter: Interpreter,
        user: int | None,
    ) -> World:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        env = clean_environment(interpreter.path, home="/tmp", tmp="/tmp", threads=limits.threads, extra=command.env)
        return World(
            workspace=workspace.root.resolve(),
            mounts=tuple(replace(mount, source=mount.source.resolve()) for mount in workspace.mounts),
            folders=interpreter.folders,
            env=env,
            tmp_bytes=limits.tmp_bytes,
            shm_bytes=min(memory // 4, _MOST_SHM_BYTES, limits.memory_bytes),
            user=os.getuid() if user is None else user,
            devices=workspace.devices,
            keep_user_switch=user is not None,
        )

    def _spawn(self, world: World, argv: Sequence[str], passed: Sequence[int]) -> tuple[subprocess.Popen[bytes], Pipes]:
        pipes = Pipes.open()
        extra: list[int] = []
        try:
            extra += [filled(_passwd(world)), filled(f"assay:x:{world.user}:\n".encode()), filled(self._filter)]
            options = arguments(world, self._bwrap, passwd_fd=extra[0], group_fd=extra[1])
            options += ["--seccomp", str(extra[2]), "--json-status-fd", str(pipes.status_end)]
            options += ["--block-fd", str(pipes.go_end)]
            extra.append(filled("\0".join(options).encode() + b"\0"))
            guard = self._spawner.spawn(
                Spawn(
                    argv=(str(self._bwrap.path), "--args", str(extra[3]), "--", *argv),
                    stdout=pipes.output_end,
                    pass_fds=(*extra, pipes.status_end, pipes.go_end, *passed),
                )
            )
        except BaseException:
            pipes.close_ours()
            raise
        finally:
            pipes.close_guards_ends()
            for descriptor in extra:
                os.close(descriptor)
        return guard, pipes

    def _clean_up(self, workspace: Workspace, user: int | None, *, waited: bool) -> None:
        if waited:
            with suppress(OSError):
                remove_tree(shown_at(workspace.root))
        self._give_back(user)

    def _give_back(self, user: int | None) -> None:
        if user is not None:
            self._slots.give_back(user)


def _passwd(world: World) -> bytes:
    return f"assay:x:{world.user}:{world.user}:assay:/tmp:/bin/sh\n".encode()


def _switch_user(user: int, interpreter: Interpreter) -> tuple[str, ...]:
    """Return the words before a command that give up root; mounts are made by then, so a private home is no hurdle."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    if setpriv is None:
        return (str(interpreter.path), "-I", "-S", "-c", _SWITCH, str(user))
    return (setpriv, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--")


if TYPE_CHECKING:
    from assay.sandbox.base import Sandbox

    def _conforms(sandbox: NamespaceSandbox) -> Sandbox:
        return sandbox
