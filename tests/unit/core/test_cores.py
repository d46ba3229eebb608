from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.core.cores import usable_cores

THERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def groups(folder: Path, own: str, **files: str) -> int:
    """Write control files (`a__cpu.max` stands for `a/cpu.max`) and return the cores."""
    for name, text in files.items():
        path = folder / "cgroup" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "own").write_text(own)
    return usable_cores(groups=folder / "cgroup", own=folder / "own")


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/job/step\n", {"job__step__cpu.max": "max 100000\n", "job__cpu.max": "100000 100000\n"}),
        ("0::/a/path/of/the/host\n", {"cpu.max": "150000 100000\n"}),
        ("0::/\n", {"cpu.max": "20000 100000\n"}),
        (
            "3:cpuset:/\n2:cpu,cpuacct:/job\n",
            {"cpu,cpuacct__job__cpu.cfs_quota_us": "100000\n", "cpu,cpuacct__job__cpu.cfs_period_us": "100000\n"},
        ),
    ],
    ids=["around it", "in a container", "less than one", "first version"],
)
def test_a_quota_bounds_the_cores(tmp_path: Path, own: str, files: dict[str, str]) -> None:
    assert groups(tmp_path, own, **files) == 1


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/job\n", {"job__cpu.max": "max 100000\n"}),
        ("0::/job\n", {"job__cpu.max": f"{100_000 * 10_000} 100000\n"}),
        ("0::/job\n", {"job__cpu.max": "nonsense\n"}),
        ("1:cpu:/\n", {"cpu__cpu.cfs_quota_us": "-1\n", "cpu__cpu.cfs_period_us": "100000\n"}),
        ("", {}),
    ],
    ids=["none", "a wide one", "unreadable", "none, first version", "no groups"],
)
def test_without_a_narrow_quota_it_is_the_affinity(tmp_path: Path, own: str, files: dict[str, str]) -> None:
    assert groups(tmp_path, own, **files) == THERE


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_a_process_that_may_use_one_core_counts_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from assay.core.cores import usable_cores; print(usable_cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
