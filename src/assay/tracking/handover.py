"""Handover: what a run had no time to write is written by a process of its own after the run has ended.

`python -P -m assay.tracking.handover` reads one line of JSON: the store, its environment, the run's folder. It exports
the run, which changes nothing that is there already, and leaves a line in the run's `assay.log` where it cannot.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from assay.core.errors import AssayError, MachineError
from assay.sandbox import protect_engine
from assay.tracking.export import export_run
from assay.tracking.place import Place
from assay.tracking.process import StoreLost
from assay.tracking.store import Store

_logger = logging.getLogger(__name__)


def hand_over(place: Place, folder: Path) -> subprocess.Popen[bytes]:
    """Have the run in `folder` written to a store in the background; return the process, which outlives this one.

    Raises:
        MachineError: E541, the process cannot be started.
    """
    job = {"uri": place.uri, "environment": place.environment(), "folder": str(folder.absolute())}
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder.anchor or "/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        assert process.stdin is not None
        with process.stdin:
            # Not by the process's own start: what stands there, others of the same user could read for a moment.
            process.stdin.write(json.dumps(job).encode() + b"\n")
    except OSError as error:
        raise MachineError("E541", f"the process of the experiment store cannot be started: {error}") from error
    return process


def main() -> None:
    """Do the job on standard input."""
    os.nice(10)
    # Generated code may run as the same user; the password of a server comes only once nobody can look in here.
    protect_engine()
    job = json.loads(sys.stdin.readline())
    folder, environment = Path(job["folder"]), dict(job["environment"])
    try:
        with Store(Place(uri=job["uri"]), environment=environment) as store:
            export_run(folder, store)
    except (StoreLost, AssayError, OSError) as error:
        reason = error.reason if isinstance(error, StoreLost) else error
        logging.basicConfig(filename=folder / "assay.log", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        _logger.warning("the run was not brought to %s: %s", job["uri"], reason)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
