"""A flood of output, and a process that somebody stops: on the best sandbox of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from assay.core.execution import Outcome
from assay.sandbox import open_sandbox
from assay.sandbox.base import Command, Sandbox, SandboxLimits, Workspace

MIB = 2**20


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox()
    yield sandbox
    sandbox.close()


def workspace(folder: Path, source: str) -> Workspace:
    root = folder / "workspace"
    root.mkdir(mode=0o755)
    (root / "main.py").write_text(source, encoding="utf-8")
    return Workspace(root=root)


@pytest.mark.slow
def test_a_hundred_megabytes_of_output_are_not_held_in_memory(sandbox: Sandbox, tmp_path: Path) -> None:
    source = (
        "import sys\nlines = ('x' * 99 + '\\n') * 1_000\n"
        "for _ in range(1_000):\n    sys.stdout.write(lines)\nprint('end')\n"
    )
    this, most, ended = psutil.Process(), [0], threading.Event()
    before = this.memory_info().rss

    def look() -> None:
        while not ended.wait(0.01):
            most[0] = max(most[0], this.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        process = sandbox.start(
            Command(argv=("python", "main.py")),
            workspace(tmp_path, source),
            SandboxLimits(wall_s=90, memory_bytes=2**30, log_bytes=4 * MIB),
        )
        finished = process.wait(100)
    finally:
        ended.set()
        looking.join()
    assert finished is not None
    assert finished.outcome is Outcome.OK
    assert 4 * MIB <= len(finished.log) < 4 * MIB + 1_000
    assert finished.log.startswith(b"xxx")
    assert finished.log.endswith(b"end\n")
    assert b"bytes of output cut" in finished.log
    assert most[0] - before < 50 * MIB


def test_what_is_stopped_keeps_its_output_and_leaves_no_child(sandbox: Sandbox, tmp_path: Path) -> None:
    source = (
        "import os, time\n"
        "print('begun', flush=True)\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        while True:\n"
        "            with open('alive', 'w') as stream:\n"
        "                stream.write(str(time.monotonic()))\n"
        "            time.sleep(0.01)\n"
        "    os._exit(0)\n"
        "while not os.path.exists('alive'):\n"
        "    time.sleep(0.01)\n"
        "print('child of a child', flush=True)\n"
        "time.sleep(60)\n"
    )
    place = workspace(tmp_path, source)
    limits = SandboxLimits(wall_s=90, memory_bytes=2**30)
    process = sandbox.start(Command(argv=("python", "main.py")), place, limits)
    deadline = time.monotonic() + 60
    while "child of a child" not in process.tail() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill(Outcome.STOPPED)
    finished = process.wait(60)
    assert finished is not None
    assert finished.outcome is Outcome.STOPPED
    assert finished.log == b"begun\nchild of a child\n"
    before = (place.root / "alive").read_bytes()
    time.sleep(0.2)
    assert (place.root / "alive").read_bytes() == before
