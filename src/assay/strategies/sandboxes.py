"""Sandboxes of a run: which one is opened, how many executions it holds at a time, and the bounds of each."""

from __future__ import annotations

from typing import get_args

from assay.core.budget import Limits
from assay.core.errors import UsageError
from assay.models.roles import Machine
from assay.sandbox import open_sandbox
from assay.sandbox.base import Sandbox, SandboxLimits
from assay.sandbox.choose import Mode
from assay.sandbox.cluster.executor import require_executor
from assay.sandbox.cluster.sandbox import ClusterSandbox
from assay.strategies.known import LAB
from assay.strategies.options import RunOptions

DEFAULT_TRIAL_TIMEOUT_S = 3_600.0
LEAST_TRIAL_TIMEOUT_S = 20.0
TRIAL_SHARE = 0.1
"""Share of the wall limit that one execution may take, unless the user says otherwise."""


def executions_at_once(sandbox: Sandbox, limits: Limits) -> int:
    """Return how many solutions may run side by side: what one fold holds back is in the training rows of the next.

    Where `/dev/shm` and the process table are shared (T2, T3), two could pass labels to each other, whichever users
    they run as. One after the other they cannot, for nothing of the first is left; each then has the whole machine.
    """
    if isinstance(sandbox, ClusterSandbox):
        return sandbox.at_once(limits.workers)
    return 1 if sandbox.tier in ("T2", "T3") else max(1, limits.workers)


def sandbox_of(options: RunOptions) -> Sandbox:
    """Return the open sandbox of a run: this machine's, or that of a cluster's nodes.

    Raises:
        UsageError: A lab is to run on a cluster, whose commands may outlive the engine (E010).
        MachineError: None is good enough, or the cluster cannot be used.
    """
    mode, executor = sandbox_mode(options.sandbox), require_executor(options.executor)
    if not executor.ray:
        return open_sandbox(mode)
    if options.strategy == LAB:
        raise UsageError("E010", "a lab runs on this machine only", fix="--executor local")
    from assay.sandbox.cluster.ray_pool import open_cluster

    return open_cluster(executor, mode)


def trial_timeout_s(limits: Limits) -> float:
    """Return the most seconds of one execution: the user's, or a share of the wall limit."""
    if limits.trial_timeout_s is not None:
        return limits.trial_timeout_s
    if limits.wall_s is None:
        return DEFAULT_TRIAL_TIMEOUT_S
    return min(DEFAULT_TRIAL_TIMEOUT_S, max(LEAST_TRIAL_TIMEOUT_S, TRIAL_SHARE * limits.wall_s))


def sandbox_limits(machine: Machine) -> SandboxLimits:
    """Return the bounds of one execution on this machine."""
    return SandboxLimits(
        wall_s=machine.trial_timeout_s,
        memory_bytes=int(machine.memory_gb * 2**30),
        threads=machine.cores,
    )


def sandbox_mode(text: str) -> Mode:
    """Return the mode of the sandbox that `text` names.

    Raises:
        UsageError: There is no such mode (E026).
    """
    for mode in get_args(Mode):
        if text == mode:
            return text  # type: ignore[return-value]
    raise UsageError("E026", f"there is no sandbox mode {text!r}", fix=f"--sandbox {'|'.join(get_args(Mode))}")
