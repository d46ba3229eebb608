"""Head: the process that holds a Ray cluster on this machine, for one run, and ends it when the run's engine is gone.

The engine writes one line of JSON and keeps the other end of the pipe open. That end closes however the engine dies,
and the nodes die with this process however it dies.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from assay.core.cores import usable_cores
from assay.core.errors import MachineError
from assay.sandbox.cluster.executor import UNREACHABLE
from assay.sandbox.gpus import VISIBLE, find_gpus

_STORE_BYTES = 100 * 2**20
"""Files travel in small pieces; Ray's own store may be near the smallest that it takes."""
_MEMORY_SHARE = 0.5
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", VISIBLE)
_TRIES = 2
_PATIENCE_S = 240.0
"""Ray gives each node half a minute to come up, which on a machine with much else to do is not always enough."""


@lru_cache(maxsize=1)
def _token() -> str:
    """Return what every process of a cluster here must show; Ray reads it once in each process."""
    return secrets.token_hex(32)


def settings() -> dict[str, str]:
    """Return the variables by which Ray stays on the loopback address, asks for the token and reports nothing."""
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": _token(),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # despite its name: whether addresses but the loopback's are used
        "RAY_USAGE_STATS_ENABLED": "0",
    }


@dataclass
class Head:
    """A cluster that was started here."""

    process: subprocess.Popen[str]
    address: str

    def close(self) -> None:
        """End it and wait until everything of it is gone."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_head(nodes: int) -> Head:
    """Start a cluster on this machine that nobody else can reach.

    Args:
        nodes: How many nodes share this machine's cores and half of its memory.

    Raises:
        MachineError: It did not come up (E523).
    """
    said = ""
    for _ in range(_TRIES):
        head, said = _try_head(nodes)
        if head is not None:
            return head
    raise MachineError(
        UNREACHABLE,
        f"a Ray cluster could not be started here: {said}",
        kept="nothing was run",
        fix="--executor local",
    )


def _try_head(nodes: int) -> tuple[Head | None, str]:
    """Return a cluster, or None and why there is none."""
    # The paths of Ray's sockets are long, and those of sockets may not be.
    folder = Path(tempfile.mkdtemp(prefix="assay-ray-", dir="/tmp" if Path("/tmp").is_dir() else None))
    (folder / "ray").mkdir()
    env = {name: os.environ[name] for name in _KEPT if name in os.environ} | settings() | {"RAY_TMPDIR": str(folder)}
    order = {
        "folder": str(folder),
        "nodes": nodes,
        "cores": max(1, usable_cores() // nodes),
        "memory": int(psutil.virtual_memory().total * _MEMORY_SHARE / nodes),
        "gpus": len(find_gpus()),
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "assay.sandbox.cluster.head"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
        cwd="/",
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise LookupError("a process without its pipes")
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    said = json.loads(process.stdout.readline() or '{"error": "it ended without a word"}')
    process.stdout.close()
    head = Head(process=process, address=said.get("address", ""))
    if head.address:
        return head, ""
    head.close()
    shutil.rmtree(folder, ignore_errors=True)
    return None, str(said["error"])


def _hold(order: Mapping[str, Any]) -> None:
    words = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Ray prints is not for the engine
    cluster = None
    try:
        cluster = _cluster(order)
        words.write(json.dumps({"address": cluster.address}) + "\n")
        words.close()
        sys.stdin.read()
    except Exception as error:
        if not words.closed:
            words.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            words.close()
    finally:
        if cluster is not None:
            cluster.shutdown()
        shutil.rmtree(order["folder"], ignore_errors=True)


def _cluster(order: Mapping[str, Any]) -> Any:
    from ray.cluster_utils import Cluster

    _be_patient()
    common = {
        "num_cpus": order["cores"],
        "memory": order["memory"],
        "object_store_memory": _STORE_BYTES,
        "node_ip_address": "127.0.0.1",
        "include_log_monitor": False,
        "_system_config": {"prestart_worker_first_driver": False},
    }
    first = {
        **common,
        **_ports(),
        "include_dashboard": False,
        "no_monitor": True,
        "num_gpus": order["gpus"],
    }
    cluster = Cluster(initialize_head=True, head_node_args=first)
    for _ in range(order["nodes"] - 1):
        later = {key: value for key, value in common.items() if key != "_system_config"}
        cluster.add_node(wait=False, **later, **_ports())
    cluster.wait_for_nodes(timeout=_PATIENCE_S)
    return cluster


def _ports() -> dict[str, int]:
    """Return free ports for a node's helpers: Ray's node dies if they take more than seconds to find their own."""
    names = ("metrics_agent_port", "runtime_env_agent_port", "metrics_export_port")
    with ExitStack() as stack:
        places = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: place.getsockname()[1] for name, place in zip(names, places, strict=True)}


def _be_patient() -> None:
    """Have Ray ask for longer whether a node that it has started is there; it has no setting for that."""
    from ray._private import services

    get_node: Any = services.get_node
    deadline = time.monotonic() + _PATIENCE_S

    def patient(*arguments: Any, **named: Any) -> Any:
        while True:
            try:
                return get_node(*arguments, **named)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    services.get_node = patient


if __name__ == "__main__":
    _hold(json.loads(sys.stdin.readline()))
