"""Lookup: from what a person typed to a run folder or a trial."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from assay.core.errors import NothingFound, UsageError
from assay.journal.folders import is_live, run_folders
from assay.journal.history import History, Trial
from assay.strategies.known import TASKS


def find_run(root: Path, name: str | None) -> Path:
    """Return the run that `name` means: a folder, a whole name or a unique prefix; None means the latest.

    Raises:
        NothingFound: There is no such run (E201), or none at all (E203).
        UsageError: Several runs begin so (E026).
    """
    folders = run_folders(root)
    if name is None:
        if not folders:
            raise NothingFound("E203", f"there is no run in {str(root)!r} yet", fix="assay demo")
        return folders[0]
    direct = Path(name)
    if (direct / "events.jsonl").is_file():
        return direct
    exact = [f for f in folders if f.name == name]
    matches = exact or [f for f in folders if f.name.startswith(name)]
    if len(matches) > 1:
        raise UsageError("E026", f"{name!r} begins the names of {_names(matches)}", fix="give more of the name")
    if not matches:
        near = difflib.get_close_matches(name, [f.name for f in folders], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise NothingFound("E201", f"there is no run {name!r} in {str(root)!r}{hint}", fix="assay ls")
    return matches[0]


def find_live_run(root: Path, name: str | None, verb: str) -> Path:
    """Return the run that a changing verb means: the named one, or the only one that is alive.

    Raises:
        NothingFound: There is no such run (E201), or it is not running (E204).
        UsageError: No name was given and several are alive (E020).
    """
    if name is not None:
        folder = find_run(root, name)
        if not is_live(folder):
            raise NothingFound("E204", f"the run {folder.name!r} is not running", fix=f"assay resume {folder.name}")
        return folder
    live = [f for f in run_folders(root) if is_live(f)]
    if len(live) > 1:
        raise UsageError("E020", f"several runs are live: {_names(live)}", fix=f"assay {verb} -r {live[0].name}")
    if not live:
        raise NothingFound("E204", f"no run in {str(root)!r} is running", fix="assay ls")
    return live[0]


def find_trial(history: History, text: str) -> Trial:
    """Return the trial that `text` means: its number, with or without `#`, or `best`.

    Raises:
        NothingFound: There is no such trial (E202).
        UsageError: It is no number (E027).
    """
    if text == "best":
        if history.best is None:
            queue = history.started is not None and history.started.strategy == TASKS
            told = "tasks of a queue have no score, and none is the best" if queue else "no trial has a valid score yet"
            raise NothingFound("E202", told, fix="assay tasks status" if queue else "assay top")
        return history.best
    try:
        number = int(text.removeprefix("#"))
    except ValueError:
        raise UsageError("E027", f"{text!r} is neither a trial's number nor 'best'", fix="assay top") from None
    trial = history.trials.get(number)
    if trial is None:
        last = max(history.trials, default=None)
        known = "it has no trial yet" if last is None else f"they go from 0 to {last}"
        raise NothingFound("E202", f"there is no trial {number}: {known}", fix="assay top")
    return trial


def _names(folders: Sequence[Path]) -> str:
    return ", ".join(f.name for f in folders)
