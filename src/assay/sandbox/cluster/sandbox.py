"""ClusterSandbox: the sandbox seam over nodes, each of which has a sandbox of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.core.clock import Clock, SystemClock
from assay.sandbox.base import Command, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.cluster.base import Pool
from assay.sandbox.cluster.files import Digests
from assay.sandbox.cluster.process import RemoteProcess
from assay.sandbox.environment import find_interpreter
from assay.sandbox.gpus import Gpu
from assay.sandbox.policy import check_workspace
from assay.sandbox.roster import Roster

_ORDER = ("off", "external", "T3", "T2", "T1")
"""Tiers, the weakest first."""


@dataclass(frozen=True, kw_only=True)
class NodeFacts:
    """What one node of a cluster is."""

    name: str
    host: str
    tier: str
    description: str
    cores: int
    memory_bytes: int
    gpus: int = 0


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one execution may count on."""

    cores: int
    memory_gb: float


class ClusterSandbox:
    """Runs each command on whichever node has room for it.

    Args:
        pool: Lends runners on nodes.
        nodes: The nodes at the start; at least one.
        close: Leaves the cluster.
        clock: For ages.
    """

    def __init__(
        self, pool: Pool, nodes: Sequence[NodeFacts], *, close: Callable[[], None], clock: Clock | None = None
    ) -> None:
        self._pool = pool
        self.nodes = tuple(nodes)
        self._leave = close
        self._clock = clock or SystemClock()
        self._digests = Digests()
        self._numbers = itertools.count(1)
        self._roster = Roster()
        self._closed = False
        weakest = min(nodes, key=lambda node: _ORDER.index(node.tier) if node.tier in _ORDER else 0)
        self.tier = weakest.tier
        count = f"{len(nodes)} node{'s' if len(nodes) != 1 else ''}"
        self.description = f"{weakest.description}\nexecutor: Ray, {count}; the sandbox named is that of the weakest."

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """The graphics processors of all nodes, without what only the node knows of them."""
        count = sum(node.gpus for node in self.nodes)
        return tuple(Gpu(name=f"GPU (one of {count} in the cluster)", index=index) for index in range(count))

    def at_once(self, workers: int) -> int:
        """Return how many executions may run side by side: below T1 one on each machine."""
        hosts = len({node.host for node in self.nodes})
        return max(1, min(workers, hosts) if self.tier in ("T2", "T3") else workers)

    def share(self, at_once: int) -> Share:
        """Return what each of `at_once` executions may use, such that they fit on the nodes together."""
        total = sum(node.cores for node in self.nodes)
        cores = max(1, min(max(node.cores for node in self.nodes), total // max(1, at_once)))
        rooms = [node.memory_bytes / max(1, node.cores // cores) for node in self.nodes if node.cores >= cores]
        return Share(cores=cores, memory_gb=max(0.1, int(min(rooms) / 2**30 * 10) / 10))

    def start(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> SandboxProcess:
        """Start `command` on a node; see `Sandbox.start`. It waits, without its time passing, until one has room."""
        interpreter = find_interpreter(command.interpreter)
        check_workspace(workspace, interpreter.folders)
        self._roster.require_open()
        process = RemoteProcess(
            self._pool, command, workspace, limits, self._digests, self._clock, f"ray:{next(self._numbers)}"
        )
        self._roster.add(process)
        return process

    def attach(self, handle: str) -> SandboxProcess | None:
        """Return None: what runs on nodes ends with the engine."""
        del handle
        return None

    def close(self) -> None:
        """End whatever still runs and leave the cluster."""
        self._roster.close()
        if not self._closed:
            self._closed = True
            self._leave()


if TYPE_CHECKING:
    from assay.sandbox.base import Sandbox

    def _conforms(sandbox: ClusterSandbox) -> Sandbox:
        return sandbox
