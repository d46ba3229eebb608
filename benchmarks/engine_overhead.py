"""What the engine adds to candidates that do nothing: time a trial, memory, and `status` on a long run.

    python benchmarks/engine_overhead.py [--trials 2000]

Prints a table. Every trial is one script that ends at once and writes nothing, in the real sandbox, with the scripted
model, the real journal and the real checks; the wall time beside it is that of plain `python` on the same script.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import psutil
from figures import Figure, table
from scripted_run import started

from assay.core.budget import Limits
from assay.core.errors import ReplyInvalid
from assay.models.base import Request
from assay.models.scripted import Scripted, ScriptedModel
from assay.strategies.options import RunOptions

SCRIPT = "pass\n"


def answers(request: Request[Any]) -> Scripted:
    """Propose scripts that do nothing, each a little different, and never repair one."""
    if request.role == "debug":
        return ReplyInvalid("nothing to mend")
    return {"title": "nothing", "plan": "none", "code": f"{SCRIPT}# {request.key}\n"}


def run(folder: Path, trials: int) -> tuple[float, int, float]:
    """Run that many trials; return seconds, peak memory of this process in bytes, and seconds inside children."""
    options = RunOptions(limits=Limits(trials=trials, workers=1), runs=folder)
    model = ScriptedModel(answers)
    model.requests = deque(maxlen=0)  # type: ignore[assignment]  # what a test double remembers is not the engine's
    with started(folder, model, options) as opened:
        opened.shell.views.build(opened.shell.views.fold_keys()[0])
        begun = time.perf_counter()
        opened.engine.work()
        seconds = time.perf_counter() - begun
        inside = opened.log.read(lambda h: sum(m.execution.wall_s for m in h.all_measurements() if m.execution))
    return seconds, psutil.Process().memory_info().rss, inside


def plain_python(repeats: int = 15) -> float:
    """Return the median seconds of plain `python` on the same script."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", SCRIPT], check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def status_seconds(folder: Path, repeats: int = 7) -> float:
    """Return the median seconds of `assay status` as a whole process."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "assay", "status", "--runs", str(folder), "run"], check=True, capture_output=True
        )
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def measured(trials: int) -> list[Figure]:
    """Return the rows of so many trials."""
    python = plain_python()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds, memory, inside = run(folder, trials)
        status = status_seconds(folder)
        size = (folder / "run" / "events.jsonl").stat().st_size
    each = 1000 * seconds / trials
    return [
        Figure(what=f"a trial that does nothing, sandbox and child included ({trials})", value=each, unit="ms"),
        Figure(
            what="of which its process",
            value=1000 * inside / trials,
            unit="ms",
            beside=f"plain python {1000 * python:.1f} ms",
        ),
        Figure(what="of which the engine", value=each - 1000 * inside / trials, unit="ms"),
        Figure(what="engine's memory at the end", value=memory / 2**20, unit="MB"),
        Figure(what="journal", value=size / 2**20, unit="MB"),
        Figure(what="`assay status`, whole process", value=1000 * status, unit="ms", beside="under 300 ms"),
    ]


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    return measured(200 if quick else 2000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=2000)
    print(table(measured(parser.parse_args().trials)))


if __name__ == "__main__":
    main()
