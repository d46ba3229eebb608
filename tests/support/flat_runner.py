"""Runs notebooks as plain scripts: one process has the heavy libraries and forks for each, so that many cost little."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from assay.core.execution import Outcome
from assay.kinds.notebook import flatten, parse
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support import script_runner
from support.notebook_bench import ENTRY


class FlatRunner:
    """What a fake sandbox does with the notebooks of a test."""

    def __init__(self) -> None:
        env = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "OMP_NUM_THREADS": "1", "ASSAY_THREADS": "1"}
        command = [sys.executable, str(Path(script_runner.__file__)), "--serve"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def __enter__(self) -> FlatRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait(timeout=60)

    def __call__(self, command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        """Run the notebook of a workspace on its view."""
        del command, limits
        root = workspace.root
        code = flatten(parse((root / ENTRY).read_text(encoding="utf-8"), ENTRY)).text
        (root / "solution.py").write_text(code, encoding="utf-8")
        shutil.copytree(workspace.mounts[0].source, root / "input", dirs_exist_ok=True)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the runner has no pipes")
        self._process.stdin.write(f"{root}\n")
        self._process.stdin.flush()
        failed = self._process.stdout.readline().strip() != "0"
        log = (root / "log.txt").read_text(encoding="utf-8")
        return FakeResult(outcome=Outcome.ERROR if failed else Outcome.OK, exit_code=int(failed), log=log, wall_s=0.1)
