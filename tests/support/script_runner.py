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
    _import_all()
    return sum(_forked(folder) for folder in folders)


def serve() -> int:
    """Do the same with each folder that is read from standard input; write 0 or 1 for it."""
    _import_all()
    for line in sys.stdin:
        sys.stdout.write(f"{int(_forked(line.strip()))}\n")
        sys.stdout.flush()
    return 0


def _import_all() -> None:
    import lightgbm
    import pandas
    import sklearn.ensemble

    assert lightgbm
    assert pandas
    assert sklearn.ensemble


def _forked(folder: str) -> bool:
    """Run `solution.py` of a folder in a child; return whether it failed."""
    child = os.fork()
    if child == 0:
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
    sys.exit(serve() if sys.argv[1:] == ["--serve"] else min(run_all(sys.argv[1:]), 100))
