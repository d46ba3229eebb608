"""Ray pool: the pool of runners on a Ray cluster. The one module that imports Ray, and it does so late."""

from __future__ import annotations

import os
import platform
import secrets
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from assay import __version__
from assay.core.clock import Clock
from assay.core.errors import MachineError
from assay.sandbox.base import SandboxLimits
from assay.sandbox.choose import Mode
from assay.sandbox.cluster.base import NodeLost, Remote
from assay.sandbox.cluster.executor import Executor, unreachable
from assay.sandbox.cluster.head import Head, settings, start_head
from assay.sandbox.cluster.node import Runner
from assay.sandbox.cluster.sandbox import ClusterSandbox, NodeFacts

_LOOK_S = 0.5
_START_S = 300.0
_MOST_STARTS = 3
_CALLS = 8
"""Most calls that one runner serves at a time: one that waits for the end, pieces of files, and an order to end."""


class RayRunner(Runner):
    """A runner that knows which node of the cluster it is on."""

    def hello(self) -> dict[str, Any]:
        """Return what the engine must know of this node before it sends anything."""
        import ray

        return {**super().hello(), "node": ray.get_runtime_context().get_node_id()}


class RayRemote:
    """A runner on a node.

    Args:
        actor: Ray's handle.
        told: What it said of itself.
        sending: The lock of its node.
    """

    def __init__(self, actor: Any, told: Mapping[str, Any], sending: threading.Lock) -> None:
        self.actor = actor
        self.node = f"{told['host']}/{told['node'][:12]}"
        self.tier = str(told["tier"])
        self.sending = sending

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method and return what it returns."""
        return self.begin(method, *arguments)()

    def begin(self, method: str, *arguments: Any) -> Callable[[], Any]:
        """Call a method without waiting."""
        with _as_lost():
            asked = getattr(self.actor, method).remote(*arguments)
        return lambda: _answer(asked)


class RayPool:
    """Starts runners where the cluster has what they need, and keeps them for the next execution of the same needs.

    Args:
        mode: As for `open_sandbox`.
    """

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._idle: dict[tuple[int, int, int], list[RayRemote]] = defaultdict(list)
        self._sending: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def lease(self, limits: SandboxLimits, wanted: Callable[[], bool]) -> Remote | None:
        """Wait for a runner with what `limits` asks for; None once it is no longer wanted."""
        for _ in range(_MOST_STARTS):
            idle = self._take_idle(limits)
            if idle is not None:
                return idle
            try:
                return self._start(limits, wanted)
            except NodeLost:
                continue
        raise unreachable("this run", f"{_MOST_STARTS} times no process could be started on a node")

    def give_back(self, remote: Remote, limits: SandboxLimits, *, lost: bool) -> None:
        """Keep a runner for the next execution, or end one whose node does not answer."""
        if not isinstance(remote, RayRemote):
            raise TypeError("a runner of somebody else's")
        if lost:
            _end(remote.actor)
            return
        with self._lock:
            self._idle[_needs(limits)].append(remote)

    def facts(self, nodes: list[Mapping[str, Any]]) -> list[NodeFacts]:
        """Return what the nodes are, asked of one on each machine.

        Raises:
            MachineError: One has no sandbox that is good enough (E510), or other versions than ours (E525).
        """
        by_host = {node["NodeManagerHostname"]: node for node in nodes}
        actors = {host: self._actor(node_id=node["NodeID"], num_cpus=0) for host, node in by_host.items()}
        asked = {host: actor.hello.remote() for host, actor in actors.items()}
        try:
            told = {host: _checked(_answer(one, _START_S), host) for host, one in asked.items()}
        except NodeLost as error:
            raise unreachable("this run", f"a node did not answer: {error}") from error
        finally:
            for actor in actors.values():
                _end(actor)
        return [_facts(node, told[node["NodeManagerHostname"]]) for node in nodes]

    def _take_idle(self, limits: SandboxLimits) -> RayRemote | None:
        with self._lock:
            same = self._idle[_needs(limits)]
            if same:
                return same.pop()
            others = [remote for kept in self._idle.values() for remote in kept]
            self._idle.clear()
        for remote in others:  # they hold what this one may be waiting for
            _end(remote.actor)
        return None

    def _start(self, limits: SandboxLimits, wanted: Callable[[], bool]) -> RayRemote | None:
        import ray

        cpus, memory, gpus = _needs(limits)
        actor = self._actor(num_cpus=cpus, memory=memory, num_gpus=gpus, scheduling_strategy="SPREAD")
        asked = actor.hello.remote()
        while not ray.wait([asked], timeout=_LOOK_S)[0]:
            with self._lock:
                idle = self._idle[_needs(limits)].pop() if self._idle[_needs(limits)] else None
            if idle is not None or not wanted():
                _end(actor)
                return idle
            _require_room(cpus, memory, gpus)
        told = _checked(_answer(asked), "a node")
        return RayRemote(actor, told, self._sending[told["node"]])

    def _actor(self, *, node_id: str = "", **needs: Any) -> Any:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        if node_id:
            needs["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node_id, soft=False)
        made = ray.remote(RayRunner).options(max_restarts=0, max_concurrency=_CALLS, **needs)
        return made.remote(self._mode)


def open_cluster(executor: Executor, mode: Mode, *, clock: Clock | None = None) -> ClusterSandbox:
    """Join a Ray cluster, or start one here, and look at its nodes.

    Args:
        executor: Which.
        mode: What sandbox each node shall have, as for `open_sandbox`.
        clock: For ages.

    Raises:
        MachineError: It cannot be joined (E523), or a node is not good enough (E510, E525).
    """
    head: Head | None = None
    before = dict(os.environ)
    os.environ.update(settings() if not executor.address else {"RAY_USAGE_STATS_ENABLED": "0"})
    try:
        head = None if executor.address else start_head(executor.nodes)
        address = head.address if head else executor.address
        pool = RayPool(mode)
        nodes = _join(address)
        return ClusterSandbox(pool, pool.facts(nodes), close=lambda: _leave(head), clock=clock)
    except BaseException:
        _leave(head)
        raise
    finally:
        for name in set(os.environ) - set(before):
            if name.startswith("RAY_AUTH"):  # Ray has read it, and nobody else need
                del os.environ[name]


def _join(address: str) -> list[Mapping[str, Any]]:
    with _own_signals():
        import ray

        try:
            ray.init(
                address=address,
                namespace=f"assay-{secrets.token_hex(8)}",
                configure_logging=False,
                log_to_driver=False,
            )
            nodes = [node for node in ray.nodes() if node["Alive"]]
        except Exception as error:
            raise unreachable(address, error) from error
    if not nodes:
        raise unreachable(address, "it has no nodes")
    return nodes


def _leave(head: Head | None) -> None:
    import ray

    with suppress(Exception):
        ray.shutdown()
    if head is not None:
        head.close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what Ctrl-C and SIGTERM do here: Ray would exit at the second."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def _as_lost() -> Iterator[None]:
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayTaskError as error:
        raise MachineError("E511", f"a node failed: {error.cause or error}", fix="assay doctor") from error
    except (RayError, TimeoutError) as error:
        raise NodeLost(str(error)) from error


def _answer(asked: Any, timeout_s: float | None = None) -> Any:
    import ray

    with _as_lost():
        return ray.get(asked, timeout=timeout_s)


def _end(actor: Any) -> None:
    import ray

    with suppress(Exception):
        ray.kill(actor)


def _needs(limits: SandboxLimits) -> tuple[int, int, int]:
    return max(1, limits.threads), limits.memory_bytes, limits.gpus


def _require_room(cpus: int, memory: int, gpus: int) -> None:
    """Refuse what no node that is left could ever run."""
    import ray

    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for has in alive:
        if has.get("CPU", 0) >= cpus and has.get("memory", 0) >= memory and has.get("GPU", 0) >= gpus:
            return
    raise unreachable("this run", f"none of its {len(alive)} nodes has {cpus} cores and {memory / 2**30:.1f} GB")


def _checked(told: dict[str, Any], host: str) -> dict[str, Any]:
    if "error" in told:
        error = told["error"]
        raise MachineError(error["code"], f"{error['message']} (on {host})", kept="nothing was run", fix=error["fix"])
    ours = (__version__, platform.python_version())
    theirs = (told["assay"], told["python"])
    if theirs != ours:
        raise MachineError(
            "E525",
            f"{host} has assay {theirs[0]} on Python {theirs[1]}, and here it is {ours[0]} on {ours[1]}",
            kept="nothing was run",
            fix="give every node the same environment",
        )
    return told


def _facts(node: Mapping[str, Any], told: Mapping[str, Any]) -> NodeFacts:
    has = node["Resources"]
    return NodeFacts(
        name=str(node["NodeID"])[:12],
        host=str(told["host"]),
        tier=str(told["tier"]),
        description=str(told["description"]),
        cores=int(has.get("CPU", 0)),
        memory_bytes=int(has.get("memory", 0)),
        gpus=int(has.get("GPU", 0)),
    )
