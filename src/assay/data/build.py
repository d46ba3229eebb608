"""The trusted child that builds views: `python -P -m assay.data.build`, the job as JSON on its standard input.

A process of its own, so that the engine never imports pandas and a crash while reading a file is not the engine's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from assay.core.codec import decode
from assay.core.errors import AssayError, IntegrityError
from assay.core.task import SplitKind, Task
from assay.core.view import ViewKey
from assay.data.builder import Builder
from assay.data.prepared_builder import PreparedBuilder
from assay.data.view_files import ViewPlace

REFUSED = 3
"""Exit code when the job ended in an error that is told as JSON on standard output."""


def build_views(task: Task, place: ViewPlace, keys: tuple[ViewKey, ...]) -> None:
    """Build those of `keys` that are not there yet."""
    place.root.mkdir(parents=True, exist_ok=True)
    place.private.mkdir(parents=True, exist_ok=True, mode=0o700)
    builder: Builder | PreparedBuilder | None = None
    for key in keys:
        if place.load(key, task) is not None:
            continue
        if builder is None:
            own = task.split.kind is SplitKind.PREPARED
            builder = PreparedBuilder(task, place) if own else Builder(task, place)
        builder.build(key)


def main() -> int:
    """Do the job on standard input; return the exit code."""
    job: dict[str, Any] = json.load(sys.stdin)
    told = sys.stdout
    sys.stdout = sys.stderr  # a user's prepare may print
    try:
        build_views(
            decode(Task, job["task"]),
            ViewPlace(root=Path(job["root"]), private=Path(job["private"])),
            tuple(decode(ViewKey, key) for key in job["keys"]),
        )
    except AssayError as error:
        told.write(json.dumps(error.as_dict() | {"integrity": isinstance(error, IntegrityError)}))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
