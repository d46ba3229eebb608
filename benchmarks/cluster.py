"""The same executions here and on Ray nodes of this machine: what the way to a node and back costs.

    python benchmarks/cluster.py [--repeats 30] [--nodes 1]

Every execution reads a view of 20 MB, sleeps for a moment and writes a file; two run side by side. The nodes share this
machine's cores, so more of them cannot be faster here: what is measured is the price of sending, not the gain of more
machines. Without the package `ray` there are no figures.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from figures import Figure, table

from assay.sandbox import Command, Mount, SandboxLimits, Workspace, open_sandbox
from assay.sandbox.cluster.executor import require_executor

LIMITS = SandboxLimits(wall_s=120, memory_bytes=2**29)
AT_ONCE = 2
MEGABYTES = 20
SLEEP_S = 0.25
SOURCE = f"""\
import time
size = len(open("input/train.bin", "rb").read())
time.sleep({SLEEP_S})
open("out.txt", "w").write(str(size))
"""


class Work:
    """Executions on one view.

    Args:
        base: An empty folder.
    """

    def __init__(self, base: Path) -> None:
        base.chmod(0o755)
        self._base = base
        self._view = base / "view"
        self._view.mkdir()
        (self._view / "train.bin").write_bytes(os.urandom(MEGABYTES * 2**20))

    def once(self, sandbox: Any) -> float:
        """Return the seconds of one execution, from the text of its script to the file that it leaves."""
        began = time.monotonic()
        root = Path(tempfile.mkdtemp(dir=self._base))
        (root / "solution.py").write_text(SOURCE, encoding="utf-8")
        workspace = Workspace(root=root, mounts=(Mount(source=self._view, target="input"),))
        finished = sandbox.start(Command(argv=("python", "solution.py")), workspace, LIMITS).wait()
        left = root / "out.txt"
        if not left.exists() or left.read_text(encoding="utf-8") != str(MEGABYTES * 2**20):
            raise RuntimeError(finished)
        return time.monotonic() - began

    def all(self, sandbox: Any, repeats: int) -> tuple[float, float]:
        """Return the seconds of `repeats` executions, some side by side, and the median of one."""
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            times = list(pool.map(lambda _: self.once(sandbox), range(repeats)))
        return time.monotonic() - began, statistics.median(times)


def measured(repeats: int, nodes: int) -> list[Figure]:
    """Return the figures of both, in one run."""
    from assay.sandbox.cluster.ray_pool import open_cluster

    with tempfile.TemporaryDirectory() as name:
        work = Work(Path(name))
        here = open_sandbox()
        work.once(here)
        local_s, local_one = work.all(here, repeats)
        here.close()
        began = time.monotonic()
        there = open_cluster(require_executor(f"ray:local:{nodes}"), "auto")
        started = time.monotonic() - began
        try:
            first = work.once(there)
            with ThreadPoolExecutor(AT_ONCE) as pool:  # each runner is started before the clock is
                list(pool.map(lambda _: work.once(there), range(2 * AT_ONCE)))
            ray_s, ray_one = work.all(there, repeats)
        finally:
            there.close()
    count = f"Ray, {nodes} node{'s' if nodes != 1 else ''} here"
    return [
        Figure(what=f"{count}: until its nodes are known", value=started, unit="s"),
        Figure(what=f"{count}: first execution, {MEGABYTES} MB sent", value=first, unit="s"),
        Figure(what="one execution, here", value=1000 * local_one, unit="ms", beside=f"{1000 * SLEEP_S:.0f} ms asleep"),
        Figure(what=f"one execution, {count}", value=1000 * ray_one, unit="ms", beside=f"{ray_one / local_one:.2f} x"),
        Figure(
            what=f"executions an hour, {AT_ONCE} side by side, {count}",
            value=3600 * repeats / ray_s,
            unit="",
            beside=f"here {3600 * repeats / local_s:,.0f}; ratio {local_s / ray_s:.2f}",
        ),
    ]


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of the common table."""
    if importlib.util.find_spec("ray") is None:
        return []
    return measured(10 if quick else 30, 1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--nodes", type=int, default=1)
    given = parser.parse_args()
    print(table(measured(given.repeats, given.nodes)))


if __name__ == "__main__":
    main()
