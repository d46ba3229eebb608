"""The child process in which data are read, so that the engine never imports pandas."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from assay.core.errors import AssayError, IntegrityError, MachineError, TaskError

REFUSED = 3
"""Exit code of a child whose job ended in an error that it told as JSON."""
_KINDS: dict[str, type[AssayError]] = {kind.__name__: kind for kind in (TaskError, IntegrityError, MachineError)}


def run_child(job: Mapping[str, Any]) -> Any:
    """Do `job` in a trusted child and return what it answers, as JSON values.

    Args:
        job: JSON values; `job["do"]` names one of the jobs of `assay.data.build`.

    Raises:
        TaskError, IntegrityError, MachineError: What the job raised; E530, the child died, for example for lack of
            memory.
    """
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "assay.data.build"],
        input=json.dumps(job),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ended.returncode == 0:
        return json.loads(ended.stdout)
    if ended.returncode == REFUSED:
        told = json.loads(ended.stdout)
        kind = _KINDS.get(told.pop("kind"), TaskError)
        raise kind(told["code"], told["message"], kept=told["kept"], fix=told["fix"])
    last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
    raise MachineError(
        "E530",
        f"the data could not be read (exit code {ended.returncode}): {last}",
        kept="every finished trial",
        fix="assay doctor",
    )
