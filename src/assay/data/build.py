"""The trusted child: `python -P -m assay.data.build`, one job as JSON on its standard input, the answer on its output.

A process of its own, so that the engine never imports pandas and a crash while reading a file is not the engine's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.core.codec import decode, encode
from assay.core.errors import AssayError
from assay.core.task import SplitKind, Task
from assay.core.view import ViewKey
from assay.data.builder import Builder
from assay.data.check import check
from assay.data.child import REFUSED
from assay.data.given import Given
from assay.data.intake import inspect
from assay.data.prepared_builder import PreparedBuilder
from assay.data.profile import profile
from assay.data.view_files import ViewPlace


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


def _views(job: Mapping[str, Any]) -> None:
    place = ViewPlace(root=Path(job["root"]), private=Path(job["private"]))
    build_views(decode(Task, job["task"]), place, tuple(decode(ViewKey, key) for key in job["keys"]))


_JOBS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "views": _views,
    "inspect": lambda job: inspect(Path(job["path"]), more=decode(Given, job["given"])),
    "check": lambda job: check(decode(Task, job["task"])),
    "profile": lambda job: profile(decode(Task, job["task"])),
}


def main() -> int:
    """Do the job on standard input; return the exit code."""
    job: dict[str, Any] = json.load(sys.stdin)
    told = sys.stdout
    sys.stdout = sys.stderr  # a user's prepare may print
    try:
        answer = _JOBS[job["do"]](job)
    except AssayError as error:
        told.write(json.dumps(error.as_dict() | {"kind": type(error).__name__}))
        return REFUSED
    told.write(json.dumps(encode(answer)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
