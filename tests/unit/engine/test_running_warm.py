"""An execution in a sandbox that waited: it is counted, and one that is refused starts the usual way in its place."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.core.execution import Outcome
from assay.engine.parts import Parts
from assay.engine.running import Running
from assay.engine.warm_pool import FIRST, WarmPool
from assay.sandbox import SandboxLimits, open_sandbox
from assay.sandbox.base import Sandbox
from assay.sandbox.warm import Warmable
from support.engine import Bench

LIMITS = SandboxLimits(wall_s=60.0, memory_bytes=2**30)
SOURCE = """import numpy
import os
with open("output/submission.csv", "w") as stream:
    stream.write(os.environ["ASSAY_SEED"])
print("PYTHONPATH" in open("/proc/self/environ").read(), open("input/view.txt").read())
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    opened = open_sandbox("off")
    yield opened
    opened.close()


def execute(parts: Parts, seed: int, **more: str) -> tuple[str, str]:
    candidate = Candidate(
        kind="script", files={"solution.py": SOURCE, **more}, entry="solution.py", title="idea", operator="draft"
    )
    view = parts.views.build(parts.views.fold_keys()[0])
    execution = Running(parts, candidate, view, seed, LIMITS).wait()
    assert execution.outcome is Outcome.OK, execution
    left = parts.objects.path(execution.outputs["submission.csv"]).read_text(encoding="utf-8")
    return execution.log_tail, left


def test_most_run_where_it_waited_and_all_leave_the_same(tmp_path: Path, sandbox: Sandbox) -> None:
    bench = Bench(tmp_path)
    bench.open()
    assert isinstance(sandbox, Warmable)
    pool = WarmPool(sandbox, tmp_path / "work", size=1, cores=os.cpu_count() or 1, idle=lambda: 1.0)
    parts = replace(bench.parts, sandbox=sandbox, warm=pool)
    try:
        usual = [execute(parts, seed) for seed in range(FIRST + 1)]
        assert usual == [("False fold-0\n", str(seed)) for seed in range(FIRST + 1)]
        assert waits(pool)
        assert execute(parts, 11) == ("True fold-0\n", "11")
        assert waits(pool)
        # A file of its own that a usual start would prefer to a module that is loaded already.
        assert execute(parts, 12, **{"numpy.py": ""}) == ("False fold-0\n", "12")
        assert waits(pool)
    finally:
        pool.close()
    assert list((tmp_path / "work").iterdir()) == []


def waits(pool: WarmPool) -> bool:
    end = time.monotonic() + 60
    while not pool.waiting and time.monotonic() < end:
        time.sleep(0.01)
    return pool.waiting == 1
