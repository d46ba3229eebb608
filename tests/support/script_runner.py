"""Runs many scripts, each in a process of its own that starts with the heavy libraries already imported.

Importing them takes longer than a tiny script: one parent imports them once and forks for every script. See
`script_server` for who asks.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
import traceback
from pathlib import Path


def serve() -> None:
    """Run `solution.py` in each folder that standard input names, with its seed; write 0, or 1 for one that failed."""
    import lightgbm
    import pandas
    import sklearn.ensemble

    assert lightgbm
    assert pandas
    assert sklearn.ensemble
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(f"{int(_forked(asked['folder'], asked['seed']))}\n")
        sys.stdout.flush()


def _forked(folder: str, seed: int) -> bool:
    """Run `solution.py` of a folder in a child; return whether it failed."""
    child = os.fork()
    if child == 0:
        os.environ["ASSAY_SEED"] = str(seed)
        os._exit(_run(folder))
    _, status = os.waitpid(child, 0)
    return status != 0


def _run(folder: str) -> int:
    os.chdir(folder)
    with (
        Path("log.txt").open("w", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        try:
            runpy.run_path("solution.py", run_name="__main__")
        except BaseException:
            traceback.print_exc(file=log)
            return 1
    return 0


if __name__ == "__main__":
    serve()
