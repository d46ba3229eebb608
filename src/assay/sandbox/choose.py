"""Choosing the sandbox of this machine: the best tier whose probe holds, or a refusal that says what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from assay.core.clock import Clock
from assay.core.errors import MachineError, UsageError
from assay.sandbox import messages
from assay.sandbox.base import Sandbox
from assay.sandbox.bwrap import Bwrap, find_bwrap
from assay.sandbox.cgroup import Groups, find_groups, groups_after_move
from assay.sandbox.environment import find_interpreter
from assay.sandbox.guarded import GuardedSandbox, LocalSandbox
from assay.sandbox.leftovers import remove_leftovers
from assay.sandbox.lockdown import LockdownSandbox, landlock_abi, open_to_all, try_lock_down
from assay.sandbox.namespaces import NamespaceSandbox
from assay.sandbox.probe import probe
from assay.sandbox.slots import has_slots
from assay.sandbox.sockets import reachable_sockets
from assay.sandbox.syscalls import architecture

Mode = Literal["auto", "strict", "landlock", "uid", "external", "off"]
Require = Literal["namespaces", "landlock", "uid"]

_SIGNAL_ABI = 6


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What there is to build a sandbox from. Tests say otherwise to see what happens elsewhere."""

    bwrap: Bwrap | None
    abi: int
    """Version of Landlock, 0 for none."""
    groups: Groups | None
    filterable: bool
    """Whether a system-call filter can be built for this processor."""
    root: bool
    own_user: bool
    """Whether tier T2 can run each candidate as a user of its own: root, and an interpreter open to all."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """For `assay doctor`: what isolation there is and what would make it better."""

    tier: str
    """The tier that `auto` gives, or `none`."""
    description: str
    """The line of that tier, or the refusal."""
    bwrap: str
    """Version and path, or why it does not work."""
    landlock_abi: int
    limits: str
    """`cgroup v1`, `cgroup v2` or `rlimits and watchdog`."""
    helper: str
    """What the grading process gives up before it reads files of generated code."""
    fixes: tuple[str, ...]
    """Steps to a better tier; empty when there is none."""


def inspect_machine(
    *, bwrap: Path | None = None, landlock: int | None = None, cgroups: bool = True, move: bool = True
) -> Machine:
    """Return what this machine offers.

    Args:
        bwrap: Use this program instead of the system's; one that does not exist stands for "not installed".
        landlock: Use no later version of Landlock than this; 0 stands for a kernel without it.
        cgroups: Whether to use control groups where they can be made.
        move: Whether this process may move into a control group of its own for that.
    """
    abi, root = landlock_abi(), os.geteuid() == 0
    return Machine(
        bwrap=find_bwrap(bwrap),
        abi=abi if landlock is None else min(abi, landlock),
        groups=find_groups(move=move) if cgroups else None,
        filterable=architecture() is not None,
        root=root,
        own_user=root and all(open_to_all(folder) for folder in find_interpreter(None).folders),
    )


def open_sandbox(
    mode: Mode = "auto",
    *,
    require: Require = "landlock",
    machine: Machine | None = None,
    clock: Clock | None = None,
) -> Sandbox:
    """Open the sandbox for generated code, after small attacks have been run in it and failed.

    Args:
        mode: `auto` takes the best tier that holds; `strict` takes namespaces (T1) or nothing; `landlock` takes T2
            even where T1 would work; `uid` is `auto` that may fall to T3; `off` isolates nothing; `external` also
            isolates nothing, because the caller's container does.
        require: The least tier that `auto` may take: `namespaces` (T1), `landlock` (T2) or `uid` (T3).
        machine: What to build from; by default what `inspect_machine` finds.
        clock: For limits.

    Raises:
        MachineError: E510, no tier that is good enough holds here.
        UsageError: E010, no such mode.
    """
    if mode not in get_args(Mode):
        raise UsageError("E010", f"no sandbox mode {mode!r}: {', '.join(get_args(Mode))}")
    remove_leftovers()
    found = inspect_machine() if machine is None else machine
    if mode == "off":
        return LocalSandbox(groups=found.groups, clock=clock, description=messages.OFF)
    if mode == "external":
        return ExternalSandbox(groups=found.groups, clock=clock, description=messages.EXTERNAL)
    sandbox, causes = _best(found, tiers_of(mode, require), clock)
    if sandbox is None:
        raise MachineError(
            "E510",
            messages.refusal(causes.get("T2", "not asked for"), causes.get("T1", "not asked for")),
            kept="nothing was run",
            fix="assay doctor",
        )
    return sandbox


def diagnose_machine(machine: Machine | None = None) -> Diagnosis:
    """Return what isolation `auto` gives here, why not more, and how to get more."""
    found = inspect_machine(move=False) if machine is None else machine
    later = machine is None and found.groups is None and groups_after_move()
    sandbox, causes = _best(found, ("T1", "T2"), None)
    bubblewrap = causes.get("T1")
    if bubblewrap is None and found.bwrap is not None:
        bubblewrap = f"{found.bwrap.version_text} at {found.bwrap.path}"
    fixes = [messages.bwrap_fix(None if found.bwrap is None else causes["T1"])] if "T1" in causes else []
    if found.groups is None and not later:
        fixes.append("for exact memory limits: systemd-run --user --scope -p Delegate=yes <command>")
    diagnosis = Diagnosis(
        tier="none" if sandbox is None else sandbox.tier,
        description=_refused(causes) if sandbox is None else sandbox.description,
        bwrap=bubblewrap or "",
        landlock_abi=found.abi,
        limits=_limits(found.groups, later=later),
        helper=try_lock_down(),
        fixes=tuple(fixes),
    )
    if sandbox is not None:
        sandbox.close()
    return diagnosis


def _limits(groups: Groups | None, *, later: bool) -> str:
    if groups is not None:
        return f"cgroup v{groups.version}"
    return "cgroup v2, once a run has moved into a group of its own" if later else "rlimits and watchdog"


class ExternalSandbox(GuardedSandbox):
    """Tier `external`: like `off`, for users whose container is the boundary."""

    tier = "external"


def _refused(causes: dict[str, str]) -> str:
    return messages.refusal(causes.get("T2", "not asked for"), causes.get("T1", "not asked for"))


def tiers_of(mode: Mode, require: Require) -> tuple[str, ...]:
    """Return the tiers that may be taken, the best first."""
    if mode == "strict" or require == "namespaces":
        return ("T1",)
    tiers = ("T2",) if mode == "landlock" else ("T1", "T2")
    return (*tiers, "T3") if "uid" in (mode, require) else tiers


def _best(machine: Machine, tiers: tuple[str, ...], clock: Clock | None) -> tuple[Sandbox | None, dict[str, str]]:
    """Return the first tier whose probe holds, and why those before it do not."""
    causes: dict[str, str] = {}
    for tier in tiers:
        absent = _absence(machine, tier)
        if absent:
            causes[tier] = absent
            continue
        sandbox = _BUILDERS[tier](machine, causes.get("T1"), clock)
        result = probe(sandbox)
        leaks = set(result.worked) - _expected(machine, tier)
        if result.ran and not leaks:
            return sandbox, causes
        sandbox.close()
        causes[tier] = result.said if not result.ran else f"the probe was not stopped: {', '.join(sorted(leaks))}"
    return None, causes


def _absence(machine: Machine, tier: str) -> str:
    if not machine.filterable:
        return f"no system-call filter for {os.uname().machine}"
    if tier == "T1" and machine.bwrap is None:
        return "not installed"
    if tier == "T2" and machine.abi == 0:
        return "not in this kernel"
    if tier == "T3" and not machine.root:
        return "needs root"
    return ""


def _expected(machine: Machine, tier: str) -> set[str]:
    """Return the attacks that a tier cannot stop and whose success is told in its description."""
    if tier == "T3":
        return {"read", "write"}
    return {"signal"} if tier == "T2" and machine.abi < _SIGNAL_ABI and not machine.own_user else set()


def _build_namespaces(machine: Machine, said: str | None, clock: Clock | None) -> Sandbox:
    del said
    if machine.bwrap is None:
        raise MachineError("E510", "bubblewrap is not installed", fix=messages.bwrap_fix(None))
    version = None if machine.groups is None else machine.groups.version
    text = messages.namespaces(machine.bwrap.version_text, version)
    return NamespaceSandbox(machine.bwrap, groups=machine.groups, clock=clock, description=text)


def _build_landlock(machine: Machine, said: str | None, clock: Clock | None) -> Sandbox:
    fix = messages.bwrap_fix(None if machine.bwrap is None else said) if said else "--sandbox auto"
    sockets = reachable_sockets(other_user=machine.own_user)
    text = messages.reduced(
        machine.abi,
        said or "not asked for",
        sockets,
        fix,
        own_user=machine.own_user,
        shared_memory=has_slots(),
    )
    if machine.root and not machine.own_user:
        text += f" {messages.ROOT_KEPT}"
    if machine.groups is None:
        text += f"\n{messages.WATCHDOG}"
    return LockdownSandbox(abi=machine.abi, groups=machine.groups, clock=clock, description=text)


def _build_user(machine: Machine, said: str | None, clock: Clock | None) -> Sandbox:
    del said
    return LockdownSandbox(abi=0, groups=machine.groups, clock=clock, description=messages.WEAK)


_BUILDERS: dict[str, Callable[[Machine, str | None, Clock | None], Sandbox]] = {
    "T1": _build_namespaces,
    "T2": _build_landlock,
    "T3": _build_user,
}
