from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from assay.core.memory import free_memory_bytes


def free(folder: Path, own: str, **files: str) -> int:
    """Write control files (`a__memory.max` stands for `a/memory.max`) and return the free memory."""
    for name, text in files.items():
        path = folder / "cgroup" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "own").write_text(own)
    return free_memory_bytes(groups=folder / "cgroup", own=folder / "own")


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/job\n", {"job__memory.max": "5000\n", "job__memory.current": "1000\n"}),
        ("0::/of/the/host\n", {"memory.max": "5000\n", "memory.current": "1000\n"}),
        (
            "0::/job\n",
            {"job__memory.max": "5000\n", "job__memory.current": "3000\n", "job__memory.stat": "inactive_file 2000\n"},
        ),
        (
            "2:memory:/job\n",
            {"memory__job__memory.limit_in_bytes": "5000\n", "memory__job__memory.usage_in_bytes": "1000\n"},
        ),
        (
            "2:memory:/job\n",
            {
                "memory__job__memory.limit_in_bytes": "5000\n",
                "memory__job__memory.usage_in_bytes": "4000\n",
                "memory__job__memory.stat": "cache 9000\ntotal_inactive_file 3000\nhierarchical_memory_limit 5000\n",
            },
        ),
    ],
    ids=["a group", "in a container", "caches are free", "first version", "caches of the first version"],
)
def test_a_bound_of_the_group_leaves_the_rest_of_it(tmp_path: Path, own: str, files: dict[str, str]) -> None:
    assert free(tmp_path, own, **files) == 4000


def test_a_group_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    assert free(tmp_path, "0::/\n", **{"memory.max": "10\n", "memory.current": "20\n"}) == 0


def test_without_a_bound_it_is_the_machines(tmp_path: Path) -> None:
    known = free(tmp_path, "0::/\n", **{"memory.max": "max\n", "memory.current": "20\n"})
    assert 0 < known <= psutil.virtual_memory().total
