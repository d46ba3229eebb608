"""A long run whose record cannot be read: it is ended, and told as what nobody knows the end of."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from assay.core.clock import Clock
from assay.core.execution import Outcome
from assay.sandbox.identity import Identity, identify
from assay.sandbox.longrun.record import RECORD, End, Record, write_record

BROKEN = "record.broken.json"
_NOBODY = Identity(pid=0, boot="", ticks=0)


def set_aside(folder: Path, clock: Clock) -> None:
    """Put the record in `folder` aside and write in its place that the run's end is not known.

    Whoever attends to it is killed, by which the sandbox ends the command's whole tree.

    Args:
        folder: Holds the record.
        clock: Dates the end.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "assay.sandbox.longrun.supervisor" in words and words[-1] == str(folder.absolute()):
            found = identify(process.pid)
            with suppress(PermissionError):
                if found is not None and found.pid != os.getpid():
                    found.signal(signal.SIGKILL)
    (folder / RECORD).replace(folder / BROKEN)
    now = clock.now()
    words = f"its record could not be read and is kept as {BROKEN}; how it ended is not known"
    end = End(outcome=Outcome.INFRA, exit_code=None, ended=now, detail=words)
    write_record(folder, Record(argv=(), supervisor=_NOBODY, started=now, end=end))
