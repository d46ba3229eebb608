"""The private store of one attempt, taken out of its workspace and read by a process that has given up everything."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from assay.core.codec import decode
from assay.sandbox import collect
from assay.tracking.issue import DATABASE, Issued
from assay.tracking.reader import CPU_S
from assay.tracking.records import StoredRun

_MOST_DATABASE = 256 * 2**20
_MOST_REPLY = 64 * 2**20

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PrivateStore:
    """What could be read."""

    run: StoredRun | None = None
    """The issued run; None if it is not there."""
    others: tuple[str, ...] = ()
    """Ids of further runs."""
    problem: str = ""
    """Why nothing could be read, in a few words."""


def read_private_store(workspace: Path, issued: Issued, into: Path) -> PrivateStore:
    """Return what the store below `workspace` holds. Every process that could write there must be dead.

    Args:
        workspace: The folder that the code ran in.
        issued: The run that is looked for; no other is read.
        into: Private folder for the copy that is read.
    """
    found = collect(workspace, [DATABASE], into, max_bytes=_MOST_DATABASE)
    if DATABASE in found.refused:
        return PrivateStore(problem=found.refused[DATABASE])
    copy = found.taken[DATABASE].path
    try:
        return _read(copy, issued.run_id)
    finally:
        copy.unlink()


def _read(copy: Path, run_id: str) -> PrivateStore:
    request = {"database": str(copy), "run_id": run_id}
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "assay.tracking.reader"],
            input=json.dumps(request),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=6 * CPU_S,
            cwd=copy.parent,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        return PrivateStore(problem="reading it took too long")
    if ended.returncode != 0 or len(ended.stdout) > _MOST_REPLY:
        last = (ended.stderr.strip().splitlines() or ["it ended"])[-1]
        return PrivateStore(problem=f"reading it failed with exit code {ended.returncode}: {last[:300]}")
    reply = json.loads(ended.stdout)
    if "Landlock" not in reply["lock"] or "seccomp" not in reply["lock"]:
        _logger.info("a store of generated code was read with less isolation: %s", reply["lock"])
    if "problem" in reply:
        return PrivateStore(problem=str(reply["problem"]))
    run = None if reply["run"] is None else decode(StoredRun, reply["run"])
    return PrivateStore(run=run, others=tuple(reply["others"]))
