"""Side files: the files beside the tables that views show unchanged, and what is never among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

_NEVER = {"__pycache__", "node_modules", "venv", "private", "answers"}
"""Folders that are shown at no depth: caches, and where answers are kept by custom."""
_OF_A_RUN = ("events.jsonl", "run.json", "lease", "private")
"""What every run folder holds; any two of them tell one."""

Skipped = Callable[[Path, str], None]


def side_files(
    folder: Path, side: Collection[str], hidden: Collection[str] = (), skipped: Skipped | None = None
) -> Iterator[Path]:
    """Yield every regular file of the side files and folders, in order of their names.

    Links, hidden files and folders, folders of runs, caches, and folders named `private` or `answers` are left out
    wherever they lie: a run that is kept among the data shows its answers to no other.

    Args:
        folder: The user's folder.
        side: Names relative to it. A file that is named is always yielded, whatever `hidden` says.
        hidden: Files that are not shown, relative to the folder, with `/`.
        skipped: Told of each folder that is left out, and why.
    """
    unseen = set(hidden) - set(side)
    for name in sorted(side):
        top = folder / name
        if not top.is_dir():
            if top.is_file() and not top.is_symlink():
                yield top
            continue
        for path in _walk(top, skipped or _say_nothing):
            relative = path.relative_to(folder).as_posix()
            # A file that is named by itself comes when its name does.
            if relative not in unseen and relative not in side:
                yield path


def is_run_folder(folder: Path) -> bool:
    """Return whether `folder` is that of a run, which holds private answers."""
    return sum((folder / name).exists() for name in _OF_A_RUN) > 1


def _walk(top: Path, skipped: Skipped) -> Iterator[Path]:
    if is_run_folder(top):
        skipped(top, "a run of Assay")
        return
    entries = sorted(os.scandir(top), key=lambda entry: entry.name)
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if entry.name.startswith("."):
                skipped(path, "hidden")
            elif entry.name.lower() in _NEVER:
                skipped(path, "by its name")
            else:
                yield from _walk(path, skipped)
        elif entry.is_file() and not entry.name.startswith("."):
            yield path


def _say_nothing(path: Path, why: str) -> None:
    del path, why
