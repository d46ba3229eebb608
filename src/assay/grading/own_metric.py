"""The user's own metric: `grade(submission, answers) -> float` from a Python file, run in the grading process only.

What it does wrong is told by file and line; `Grader` decides whose fault it is: the task's if the metric cannot even
score the answers themselves, else the predictions'. One exception always speaks about the submission: a class called
`InvalidSubmissionError`, whatever its module, as graders written for MLE-bench raise.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import numbers
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from assay.core.errors import TaskError
from assay.grading.predictions import Rejected
from assay.grading.table import Table


def own_value(grader: Path, submission: Table, answers: Path) -> float:
    """Return what the user's function says.

    Args:
        grader: The user's file.
        submission: The validated cells, in the order of the answers.
        answers: The private CSV.

    Raises:
        TaskError: E131 the file cannot be loaded, E132 it raised, E133 what it returned is no finite number.
        Rejected: It raised `InvalidSubmissionError`.
    """
    import pandas as pd

    function = getattr(_load(grader), "grade", None)
    if not callable(function):
        raise TaskError("E131", f"{grader.name} defines no function grade(submission, answers)")
    frame = pd.read_csv(io.StringIO(_csv(submission)), compression=None)
    try:
        value = function(frame, pd.read_csv(answers, compression=None))
    except Exception as error:  # the user's code may raise anything
        if type(error).__name__ == "InvalidSubmissionError":
            raise Rejected([f"{grader.name} says: {error}"]) from error
        raise TaskError("E132", f"{grader.name} raised {_where(error, grader)}", fix=f"mend {grader.name}") from error
    return _finite(value, grader)


def _finite(value: Any, grader: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TaskError("E133", f"{grader.name} returned {value!r}, not a number", fix=f"mend {grader.name}")
    if not math.isfinite(value):
        raise TaskError("E133", f"{grader.name} returned {float(value)!r}, not a finite number")
    return float(value)


def _load(grader: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("assay_user_grader", grader)
    if spec is None or spec.loader is None:
        raise TaskError("E131", f"{str(grader)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the user's code may raise anything
        raise TaskError("E131", f"{grader.name} cannot be loaded: {_where(error, grader)}") from error
    return module


def _where(error: Exception, grader: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(grader)]
    place = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{place}"


def _csv(table: Table) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(zip(*table.columns, strict=True))
    return stream.getvalue()
