"""Small tasks for tests."""

from __future__ import annotations

from pathlib import Path

from assay.core.metric import Direction, Metric, Needs
from assay.core.profile import DataProfile
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.models.roles import Machine

RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0)


def regression_task(folder: Path, *, k: int = 3) -> Task:
    """Return a regression task that claims to lie in `folder`."""
    return Task(
        name="toy",
        folder=folder,
        statement="Predict y.",
        problem=Problem.REGRESSION,
        data=DataFiles(train="train.csv", test="test.csv"),
        targets=("y",),
        id_column="id",
        metric=RMSE,
        output=OutputContract(needs=Needs.VALUES, id_column="id", columns=("y",)),
        split=Split(kind=SplitKind.KFOLD, k=k),
    )


def empty_profile() -> DataProfile:
    """Return a profile that tells nothing."""
    return DataProfile(train_rows=100, test_rows=10, columns=(), targets=())


def small_machine() -> Machine:
    """Return a machine with one core."""
    return Machine(cores=1, memory_gb=1.0, trial_timeout_s=60.0, python="3.11.0", packages={})
