"""The data package: which row is in which fold, fixed by the task's seed, for whoever works on these data elsewhere."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.digest import digest_file, digest_json
from assay.core.errors import IntegrityError
from assay.core.files import write_whole
from assay.core.task import SplitKind, Task

if TYPE_CHECKING:
    import numpy as np

    from assay.data.facts import Facts
    from assay.data.partition import Partition

ROWS, ABOUT = "folds.csv", "package.json"
SEALED, TRAIN, UNLABELLED = "sealed", "train", "unlabelled"
"""Folds of rows that no search fold tests: the sealed ones, those that are only learned from, those without target."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package as it was read."""

    folds: tuple[str, ...]
    """Of each row of the training file: a number from 0, or one of the words above."""
    groups: tuple[str, ...]
    """Of each row; empty texts where rows are not grouped."""
    about: dict[str, Any]


def write_package(task: Task, facts: Facts, folder: Path) -> None:
    """Write the folds of `task` into `folder`; equal tasks on equal data give equal files."""
    import numpy as np

    from assay.data.cells import as_text

    frame = facts.train.frame
    partition, labelled = partition_of(task, facts)
    folds = np.full(len(frame), TRAIN, dtype=object)
    folds[~labelled] = UNLABELLED
    folds[partition.sealed] = SEALED
    for number in range(task.split.k):
        folds[partition.fold(number).test] = str(number)
    grouped = task.split.kind is SplitKind.GROUP and task.split.column is not None
    groups = as_text(frame[task.split.column]) if grouped and task.split.column else [""] * len(frame)
    ids = as_text(frame[task.id_column]) if task.id_column in frame else [""] * len(frame)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ROWS).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "id", "group", "fold"])
        writer.writerows([n, *rest] for n, rest in enumerate(zip(ids, groups, folds, strict=True)))
    about = {
        "schema": "assay.data-package.v1",
        "task": task.name,
        "file": task.data.train,
        "data_digest": task.data_digest,
        "split": {
            "kind": task.split.kind.value,
            "column": task.split.column,
            "k": task.split.k,
            "seed": task.split.seed,
        },
        "targets": list(task.targets),
        "metric": task.metric.name,
        "rows": len(frame),
        "folds": {name: int((folds == name).sum()) for name in dict.fromkeys(sorted(map(str, folds)))},
        "sha256": {ROWS: digest_file(folder / ROWS)},
    }
    write_whole(folder / ABOUT, json.dumps({**about, "digest": digest_json(about)}, indent=1) + "\n")


def partition_of(task: Task, facts: Facts) -> tuple[Partition, np.ndarray]:
    """Return the partition of a run on this task, and which rows have every target."""
    import numpy as np

    from assay.data.cells import as_text, is_missing
    from assay.data.partition import Partition

    frame = facts.train.frame
    labelled = np.ones(len(frame), dtype=bool)
    for name in task.targets:
        labelled &= ~is_missing(frame[name]).to_numpy()
    return Partition(task, facts.train_typed, as_text(frame[task.target]), labelled, facts.test_typed), labelled


def read_package(folder: Path) -> Package:
    """Return the package in `folder`.

    Raises:
        IntegrityError: It is not whole, was changed, or a group is in two folds (E497).
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        own = {key: value for key, value in about.items() if key != "digest"}
        if about.get("digest") != digest_json(own) or digest_file(folder / ROWS) != about["sha256"][ROWS]:
            raise ValueError("it is not as it was written")
        with (folder / ROWS).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        _check(rows, about)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            "E497", f"the data package {str(folder)!r} cannot be used: {error}", fix="assay ideas DIR writes another"
        ) from error
    return Package(folds=tuple(r["fold"] for r in rows), groups=tuple(r["group"] for r in rows), about=about)


def _check(rows: list[dict[str, str]], about: dict[str, Any]) -> None:
    known = {*map(str, range(about["split"]["k"])), SEALED, TRAIN, UNLABELLED}
    if len(rows) != about["rows"] or [row["row"] for row in rows] != [str(n) for n in range(len(rows))]:
        raise ValueError("rows are missing or out of order")
    folds: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["fold"] not in known:
            raise ValueError(f"row {row['row']} is in the fold {row['fold']!r}")
        if row["group"] and row["fold"] != UNLABELLED:
            folds[row["group"]].add(row["fold"])
    shared = [group for group, names in folds.items() if len(names) > 1]
    if shared:
        raise ValueError(f"the group {shared[0]!r} is in {len(folds[shared[0]])} folds")
