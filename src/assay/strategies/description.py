"""Description: `run.json`, which says what a run was started with, so that it can be taken up and told again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from assay.core.codec import decode, encode
from assay.core.digest import digest_json
from assay.core.errors import NothingFound
from assay.core.files import write_whole
from assay.core.prices import Prices
from assay.core.task import Task
from assay.journal.history import History
from assay.strategies.data_location import found_from, told_to_run
from assay.strategies.options import RunOptions


def task_digest(task: Task) -> str:
    """Return the digest of everything about a task but the folder that it lies in."""
    return digest_json({key: value for key, value in encode(task).items() if key != "folder"})


def write_description(folder: Path, task: Task, options: RunOptions, prices: Prices | None) -> None:
    """Write what `resume` must know to open the parts again; no secret is among it. The prices are for people."""
    task = replace(task, folder=told_to_run(task.folder, folder))
    options = replace(options, runs=RunOptions().runs)  # where the folder lies is seen when it is read
    described = {"task": encode(task), "options": encode(options), "prices": encode(prices)}
    text = json.dumps(described, indent=1, ensure_ascii=False)
    write_whole(folder / "run.json", text + "\n")


def task_of(folder: Path, history: History) -> Task:
    """Return the task that the journal of the run in `folder` tells, on the data where they lie now.

    Where `run.json` is gone, the journal's own word is what there is.
    """
    try:
        place = read_description(folder)[0].folder
    except NothingFound:
        place = found_from(folder, history.task.folder)
    return replace(history.task, folder=place)


def read_description(folder: Path) -> tuple[Task, RunOptions]:
    """Return what the run in `folder` was started with, its paths as they are now.

    Raises:
        NothingFound: It is no run's folder (E201).
    """
    try:
        saved = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        task, options = decode(Task, saved["task"]), decode(RunOptions, saved["options"])
        return replace(task, folder=found_from(folder, task.folder)), replace(options, runs=folder.parent)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NothingFound("E201", f"{str(folder)!r} is no run: {error}", fix="assay ls") from error
