"""How long a candidate waits for its first own line: plain `python`, a start in the sandbox, and a waiting sandbox.

    python benchmarks/starts.py [--repeats 15] [--sandbox strict|landlock|off]

Each script imports what its kind usually imports and then prints the time; the clock begins when the engine has the
script's text and ends at that line. The three ways take turns, so that whatever else the machine does hits all alike.
What a waiting sandbox did before is not in its figure: it is done while a model is waited for.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import Figure, table

from assay.kinds.early_imports import early_imports
from assay.sandbox import Command, Mount, SandboxLimits, Workspace, open_sandbox
from assay.sandbox.warm import WarmOrder

LIMITS = SandboxLimits(wall_s=120, memory_bytes=4 * 2**30)
COMMAND = Command(argv=("python", "-u", "-X", "faulthandler", "solution.py"), env={"ASSAY_SEED": "1"})
SCRIPTS = {
    "no imports": "",
    "pandas, scikit-learn, LightGBM": (
        "import lightgbm as lgb\nimport numpy as np\nimport pandas as pd\n"
        "from sklearn.ensemble import HistGradientBoostingClassifier\nfrom sklearn.model_selection import KFold\n"
    ),
}
TELL = "import time\nprint(time.monotonic())\n"
WAYS = ("python", "cold", "warm")


class Starts:
    """Starts scripts in three ways and times them.

    Args:
        sandbox: One that can be started ahead.
        base: An empty folder.
    """

    def __init__(self, sandbox: Any, base: Path) -> None:
        self._sandbox = sandbox
        self._base = base
        base.chmod(0o755)
        self._view = base / "view"
        self._view.mkdir()
        (self._view / "train.csv").write_text("id,x,y\n" + "1,2,3\n" * 20_000, encoding="utf-8")
        self.memory_bytes = 0

    def once(self, way: str, source: str) -> float:
        """Return the seconds from the script's text to its first line after the imports."""
        root = self._base / "workspace"
        root.mkdir()
        try:
            return self._timed(way, source + TELL, root)
        finally:
            shutil.rmtree(root)

    def _timed(self, way: str, source: str, root: Path) -> float:
        warm = None
        if way == "warm":
            order = WarmOrder(
                command=COMMAND, limits=LIMITS, root=root, modules=early_imports(source), told=("ASSAY_SEED",)
            )
            warm = self._sandbox.warm(order)
            if not warm.get_ready(120):
                raise RuntimeError("the waiting sandbox did not get ready")
        began = time.monotonic()
        (root / "solution.py").write_text(source, encoding="utf-8")
        if way == "python":
            done = subprocess.run([sys.executable, "solution.py"], cwd=root, capture_output=True, check=True)
            return float(done.stdout) - began
        workspace = Workspace(root=root, mounts=(Mount(source=self._view, target="input"),))
        process = (
            warm.hand_over(COMMAND, workspace, LIMITS)
            if warm is not None
            else self._sandbox.start(COMMAND, workspace, LIMITS)
        )
        finished = process.wait()
        if warm is not None:
            self.memory_bytes = max(self.memory_bytes, warm.memory_bytes)
        return float(finished.log) - began


def measured(sandbox: Any, repeats: int) -> list[Figure]:
    """Return the medians, and for the waiting sandbox the slowest, too."""
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        starts = Starts(sandbox, Path(name))
        for label, source in SCRIPTS.items():
            times: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(repeats):
                for way in WAYS:
                    times[way].append(starts.once(way, source))
            python, cold, warm = (1000 * statistics.median(times[way]) for way in WAYS)
            slowest = 1000 * max(times["warm"])
            rows += [
                Figure(what=f"first line, {label}: plain python", value=python, unit="ms"),
                Figure(
                    what=f"first line, {label}: cold {sandbox.tier}", value=cold, unit="ms", beside=_more(cold, python)
                ),
                Figure(
                    what=f"first line, {label}: warm {sandbox.tier}",
                    value=warm,
                    unit="ms",
                    beside=f"{cold / warm:,.0f} times as fast as cold; slowest {slowest:.1f} ms; under 30 ms",
                ),
            ]
        memory = starts.memory_bytes / 2**20
        rows.append(Figure(what="memory of one that waits, with these imports", value=memory, unit="MB"))
    return rows


def _more(cold: float, python: float) -> str:
    return f"{cold - python:+.1f} ms, {cold / python:.2f} times plain python"


def figures(*, quick: bool, mode: Any = "auto") -> list[Figure]:
    """Return the rows of this benchmark."""
    sandbox = open_sandbox(mode)
    try:
        return measured(sandbox, 5 if quick else 15)
    finally:
        sandbox.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--sandbox", default="auto")
    given = parser.parse_args()
    sandbox = open_sandbox(given.sandbox)
    try:
        print(table(measured(sandbox, given.repeats)))
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
