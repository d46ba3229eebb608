"""Tasks, views and files for tests of grading."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.core.metric import Metric, Needs
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.core.view import View, ViewKey, ViewKind
from assay.data.metric_names import METRICS


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """Write a CSV file as pandas would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def a_task(
    folder: Path,
    metric: str | Metric = "roc_auc",
    *,
    needs: Needs | None = None,
    columns: Sequence[str] = ("target",),
    targets: Sequence[str] = ("target",),
    classes: Sequence[str] = ("0", "1"),
    ids: str | None = "id",
    sum_to_one: bool = False,
    grader: str | None = None,
) -> Task:
    """Return a small task over a folder."""
    measure = METRICS[metric] if isinstance(metric, str) else metric
    return Task(
        name="toy",
        folder=folder,
        statement="predict",
        problem=Problem.BINARY,
        data=DataFiles(train="train.csv", test="test.csv", sample="sample_submission.csv"),
        targets=tuple(targets),
        id_column=ids,
        metric=measure,
        output=OutputContract(
            needs=needs or measure.needs,
            id_column=ids,
            columns=tuple(columns),
            classes=tuple(classes),
            sum_to_one=sum_to_one,
        ),
        split=Split(kind=SplitKind.KFOLD),
        grader=grader,
    )


def a_view(
    folder: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], *, fold: int = 0, answers: bool = True
) -> View:
    """Return a view whose answers are `rows`; the test file shows the first column and one feature."""
    shown = folder / f"view-{fold}" / "input"
    write_csv(shown / "test.csv", (header[0], "x"), [(row[0], i) for i, row in enumerate(rows)])
    private = write_csv(folder / "private" / f"answers-{fold}.csv", header, rows)
    return View(
        key=ViewKey(kind=ViewKind.FOLD, fold=fold),
        input=shown,
        answers=private if answers else None,
        train_rows=0,
        test_rows=len(rows),
    )
