"""A working engine's memory and environment, where keys are, are closed to other processes of its user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.data_sets import write_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the switch is Linux's"),
]
GROUP = 54_321
"""Root owns its own processes anyway: a group of its own shows whether the kernel took the process from its owner."""


@pytest.mark.parametrize("verb", ["run", "resume"])
def test_an_engine_belongs_to_root_alone_while_it_works(tmp_path: Path, verb: str) -> None:
    write_folder(tmp_path / "data")
    start = ["run", "data", "--time", "5m", "--workers", "1", "--name", "calm-otter"]
    with working(start, tmp_path) as engine:
        owners = owners_of(engine)
    if verb == "resume":
        with working(["resume", "calm-otter"], tmp_path) as engine:
            owners = owners_of(engine)
    assert owners == dict.fromkeys(("environ", "mem", "maps", "fd"), (0, 0))


def working(argv: list[str], cwd: Path) -> subprocess.Popen[str]:
    group = GROUP if os.geteuid() == 0 else None
    command = [sys.executable, "-m", "assay", *argv, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd, group=group)


def owners_of(engine: subprocess.Popen[str]) -> dict[str, tuple[int, int]]:
    assert engine.stdout is not None
    assert '"launch"' in engine.stdout.readline()
    facts = {name: Path(f"/proc/{engine.pid}/{name}").stat() for name in ("environ", "mem", "maps", "fd")}
    engine.kill()
    engine.communicate()
    return {name: (fact.st_uid, fact.st_gid) for name, fact in facts.items()}
