"""Runs notebooks as plain scripts: one process has the heavy libraries and forks for each, so that many cost little."""

from __future__ import annotations

import shutil

from assay.core.execution import Outcome
from assay.kinds.notebook import flatten, parse
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.notebook_bench import ENTRY
from support.script_server import script_server


def run_flat(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    """Do as a fake sandbox with the notebook of a workspace: run it on its view."""
    del command, limits
    root = workspace.root
    code = flatten(parse((root / ENTRY).read_text(encoding="utf-8"), ENTRY)).text
    (root / "solution.py").write_text(code, encoding="utf-8")
    shutil.copytree(workspace.mounts[0].source, root / "input", dirs_exist_ok=True)
    well = script_server().run(root)
    log = (root / "log.txt").read_text(encoding="utf-8")
    return FakeResult(outcome=Outcome.OK if well else Outcome.ERROR, exit_code=int(not well), log=log, wall_s=0.1)
