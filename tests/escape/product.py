# ruff: noqa: T201
"""The product's part in the escape suite: opens a sandbox and runs one job for each line of JSON that it reads.

It is a process of its own, so that it can be another user, have secrets in its environment, and be killed.
"""

import json
import os
import resource
import sys
import threading
from pathlib import Path

from assay.core.errors import AssayError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Mount, SandboxLimits, Workspace
from assay.sandbox.choose import inspect_machine, open_sandbox
from assay.sandbox.protect import protect_engine
from assay.sandbox.warm import WarmOrder


def run(sandbox, job):
    limits = SandboxLimits(**{"wall_s": 60.0, "memory_bytes": 2**30, **job.get("limits", {})})
    mounts = tuple(Mount(source=Path(source), target=target) for source, target in job.get("mounts", []))
    workspace = Workspace(root=Path(job["workspace"]), mounts=mounts, secrets=tuple(map(Path, job.get("secrets", []))))
    interpreter = job.get("interpreter")
    command = Command(argv=tuple(job["argv"]), interpreter=Path(interpreter) if interpreter else None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = lambda: start(sandbox, command, workspace, limits, ahead=job["warm"])  # noqa: E731
    process = in_finished_thread(begin) if job.get("thread") else begin()
    if job.get("die"):
        print(json.dumps({"started": process.handle}), flush=True)
        process.wait()
    finished = process.wait(job.get("patience_s", 90))
    if finished is None:
        process.kill(Outcome.STOPPED)
        finished = process.wait()
    return {
        "outcome": finished.outcome,
        "exit_code": finished.exit_code,
        "wall_s": finished.wall_s,
        "peak": finished.peak_memory_bytes,
        "log": finished.log[-20_000_000:].decode(errors="replace"),
        "stuck_at": finished.stuck_at,
        "detail": finished.detail,
        "grown_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,
    }


def start(sandbox, command, workspace, limits, *, ahead):
    if not ahead:
        return sandbox.start(command, workspace, limits)
    warm = sandbox.warm(WarmOrder(command=command, limits=limits, root=workspace.root, modules=("json", "threading")))
    process = warm.hand_over(command, workspace, limits)
    assert process is not None, "the waiting sandbox refused its own order"
    return process


def open_nodes(mode):
    from assay.sandbox.cluster.executor import require_executor
    from assay.sandbox.cluster.ray_pool import open_cluster

    return open_cluster(require_executor("ray:local:1"), mode)


def in_finished_thread(begin):
    started = []
    thread = threading.Thread(target=lambda: started.append(begin()))
    thread.start()
    thread.join()
    return started[0]


def main():
    order = json.loads(sys.stdin.readline())
    protect_engine()
    descriptor = os.open(order["database"], os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    machine = inspect_machine(cgroups=order["cgroups"])
    sandbox = open_nodes(order["mode"]) if order["nodes"] else open_sandbox(order["mode"], machine=machine)
    hello = {
        "tier": sandbox.tier,
        "pid": os.getpid(),
        "descriptor": descriptor,
        "description": sandbox.description,
        "abi": machine.abi,
        "groups": machine.groups is not None,
    }
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        try:
            answer = run(sandbox, json.loads(line))
        except AssayError as error:
            answer = {"error": error.code}
        print(json.dumps(answer), flush=True)
    sandbox.close()


if __name__ == "__main__":
    main()
