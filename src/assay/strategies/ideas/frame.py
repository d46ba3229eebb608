"""Frame: the cells of an exploring notebook that are code's own."""

from __future__ import annotations

from assay.core.errors import TaskError
from assay.core.task import Problem, SplitKind, Task

STATEMENTS_FILE = "statements.json"
MOST_STATEMENTS = 20
LATER = "later"
"""Name of the file with the rows that must be predicted in the end."""

_READERS = {
    ".csv": "pd.read_csv({path})",
    ".tsv": 'pd.read_csv({path}, sep="\\t")',
    ".parquet": "pd.read_parquet({path})",
    ".json": "pd.read_json({path})",
    ".jsonl": "pd.read_json({path}, lines=True)",
}

SAVING = """\
# What was stated, for the engine to check; `submission`, if there is one, is graded.
OUTPUT.joinpath("statements.json").write_text(json.dumps({"statements": statements[:20]}))
if "submission" in globals():
    submission.to_csv(OUTPUT / "submission.csv", index=False)
print(f"{len(statements)} statements")
"""


def setup(task: Task) -> str:
    """Return the first cell: the rows of the fold, and how something is stated.

    Raises:
        TaskError: The task's data are no tables of rows (E095).
    """
    files = task.data
    suffix = "." + files.train.rsplit(".", 1)[-1]
    tables = task.split.kind is not SplitKind.PREPARED and task.problem not in (Problem.CUSTOM, Problem.FORECAST)
    if not tables or suffix not in _READERS:
        raise TaskError(
            "E095", f"{files.train} holds no rows of a table to look into", fix="assay run, without --ideas"
        )
    read = _READERS[suffix]
    train = read.format(path=f'INPUT / "{files.train}"')
    test = read.format(path=f'INPUT / "{files.test or "test" + suffix}"')
    own = "." + files.test.rsplit(".", 1)[-1] if files.test else suffix
    last = _READERS[own if own in _READERS else suffix].format(path=f'INPUT / "{LATER}{own}"') if files.test else "None"
    return f"""\
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

INPUT, OUTPUT = Path("input"), Path("output")
OUTPUT.mkdir(exist_ok=True)
SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
TARGETS = {list(task.targets)!r}
ID = {task.id_column!r}
train, test = {train}, {test}
# Rows that must be predicted in the end; `test` are rows of the same kind as `train` that are held back.
later = {last}
train = train.dropna(subset=TARGETS).reset_index(drop=True)
FEATURES = [name for name in train.columns if name in test.columns and name != ID]
statements = []


def state(kind, columns, effect):
    \"\"\"Record a statement: its kind, the columns that it is about, and how large the effect is, from 0 to 1.\"\"\"
    statements.append({{"kind": kind, "columns": [str(name) for name in columns], "effect": float(effect)}})
"""
