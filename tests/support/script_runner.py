"""Runs many scripts, each in a process of its own that starts with the heavy libraries already imported.

Importing them takes longer than a tiny script: one parent imports them once and forks for every script.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
import traceback
from pathlib import Path


def run_all(folders: list[str]) -> int:
    """Run `solution.py` in each of `folders`; what it prints or raises goes to `log.txt` beside it."""
    import lightgbm
    import pandas
    import sklearn.ensemble

    assert lightgbm
    assert pandas
    assert sklearn.ensemble
    failures = 0
    for folder in folders:
        child = os.fork()
        if child == 0:
            os._exit(_run(folder))
        _, status = os.waitpid(child, 0)
        failures += status != 0
    return failures


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
    sys.exit(min(run_all(sys.argv[1:]), 100))
