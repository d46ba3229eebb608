"""Nodes within this process: real runners with real sandboxes, each of which may be lost, and no cluster between."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from typing import Any

from assay.sandbox.base import SandboxLimits
from assay.sandbox.choose import Mode
from assay.sandbox.cluster.base import NodeLost, Remote
from assay.sandbox.cluster.node import Runner
from assay.sandbox.cluster.sandbox import ClusterSandbox, NodeFacts


class NearNode:
    """A runner that is called directly; what goes in and out is pickled, as on a cluster."""

    def __init__(self, name: str, mode: Mode) -> None:
        self.node = name
        self.runner = Runner(mode)
        self.hello = self.runner.hello()
        self.tier = str(self.hello.get("tier", ""))
        self.sending = threading.Lock()
        self.lost = False
        self.calls: list[str] = []
        self.lose_at: Callable[[str], bool] = lambda method: False

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method, unless the node is lost by then."""
        self.calls.append(method)
        if self.lost or self.lose_at(method):
            self.lost = True
            self.runner.clear()
            raise NodeLost(self.node)
        answer = getattr(self.runner, method)(*pickle.loads(pickle.dumps(arguments)))
        return pickle.loads(pickle.dumps(answer))

    def begin(self, method: str, *arguments: Any) -> Callable[[], Any]:
        """Call a method now; the result can be fetched later."""
        try:
            answer = self.call(method, *arguments)
        except NodeLost:
            return self._raise
        return lambda: answer

    def _raise(self) -> Any:
        raise NodeLost(self.node)


class NearPool:
    """Lends nodes in turn; those that are lost never again."""

    def __init__(self, *nodes: NearNode) -> None:
        self.free = list(nodes)
        self.asked: list[SandboxLimits] = []
        self._changed = threading.Condition()

    def lease(self, limits: SandboxLimits, wanted: Callable[[], bool]) -> Remote | None:
        """Wait for a node."""
        self.asked.append(limits)
        with self._changed:
            while not self.free:
                if not wanted():
                    return None
                self._changed.wait(0.05)
            return self.free.pop(0)

    def give_back(self, remote: Remote, limits: SandboxLimits, *, lost: bool) -> None:
        """Take a node back."""
        assert isinstance(remote, NearNode)
        with self._changed:
            if not lost:
                self.free.append(remote)
            self._changed.notify_all()


def near_cluster(*nodes: NearNode) -> ClusterSandbox:
    """Return the sandbox over `nodes`."""
    facts = [
        NodeFacts(
            name=n.node, host=n.node, tier=n.tier, description=n.hello["description"], cores=2, memory_bytes=2**31
        )
        for n in nodes
    ]

    def leave() -> None:
        for node in nodes:
            node.runner.clear()
            node.runner._sandbox.close()

    return ClusterSandbox(NearPool(*nodes), facts, close=leave)
