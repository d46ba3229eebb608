"""Briefs of real kinds of tasks, made by hand, for tests of prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.metric import Direction, Metric, Needs
from assay.core.profile import ColumnKind, ColumnProfile, DataProfile
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.models.roles import Brief, Machine, TrialSummary

INCOME = Task(
    name="adult-income",
    folder=Path("/data/adult-income"),
    statement="Predict the probability that a person's yearly income exceeds 50k (`class`=1).",
    problem=Problem.BINARY,
    data=DataFiles(train="train.csv", test="test.csv", sample="sample_submission.csv"),
    targets=("class",),
    id_column="id",
    metric=Metric(name="roc_auc", direction=Direction.HIGHER, needs=Needs.PROBABILITY, lower=0.0, upper=1.0),
    output=OutputContract(needs=Needs.PROBABILITY, id_column="id", columns=("class",), classes=("0", "1")),
    split=Split(kind=SplitKind.STRATIFIED),
)

SPAM = Task(
    name="sms-spam",
    folder=Path("/data/sms-spam"),
    statement="Predict `spam` (1) or not (0) for each message.",
    problem=Problem.BINARY,
    data=DataFiles(train="train.csv", test="test.csv", sample="sample_submission.csv"),
    targets=("spam",),
    id_column="id",
    metric=Metric(name="f1", direction=Direction.HIGHER, needs=Needs.LABELS, params=(("positive", "1"),)),
    output=OutputContract(needs=Needs.LABELS, id_column="id", columns=("spam",), classes=("0", "1")),
    split=Split(kind=SplitKind.STRATIFIED),
)

HOURLY = Task(
    name="m4-hourly",
    folder=Path("/data/m4-hourly"),
    statement="Forecast the next 48 hours of each of 414 hourly series.",
    problem=Problem.FORECAST,
    data=DataFiles(train="train.csv", test="test.csv", sample="sample_submission.csv"),
    targets=("y",),
    id_column="id",
    metric=Metric(name="smape", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0, upper=200.0),
    output=OutputContract(needs=Needs.VALUES, id_column="id", columns=("y",)),
    split=Split(kind=SplitKind.FORECAST, k=3, horizon=48),
    series_columns=("series",),
    time_column="t",
)


def number_column(name: str, **changes: Any) -> ColumnProfile:
    facts: dict[str, Any] = {
        "kind": ColumnKind.NUMBER, "dtype": "int64", "missing": 0.0, "distinct": 74,
        "mean": 38.6, "std": 13.7, "low": 17.0, "high": 90.0, "integral": True,
    }  # fmt: skip
    return ColumnProfile(name=name, **{**facts, **changes})


def category_column(name: str, *examples: str, **changes: Any) -> ColumnProfile:
    facts: dict[str, Any] = {"kind": ColumnKind.CATEGORY, "dtype": "str", "missing": 0.06, "distinct": 9}
    return ColumnProfile(name=name, examples=examples, **{**facts, **changes})


INCOME_PROFILE = DataProfile(
    train_rows=43_957,
    test_rows=4_885,
    columns=(
        number_column("age"),
        category_column("workclass", "Private", "State-gov", "Self-emp-not-inc"),
        number_column("capital-gain", high=99_999.0, mean=1_087.2, std=7_522.7, distinct=123),
        number_column("fnlwgt", low=12_285.0, high=1_490_400.0, mean=189_664.0, std=105_604.0, distinct=28_523),
        category_column("native-country", "United-States", "Mexico", missing=0.018, distinct=42),
    ),
    targets=(number_column("class", kind=ColumnKind.BOOLEAN, distinct=2, low=0.0, high=1.0, mean=0.24, std=0.43),),
    target_counts=(("0", 33_439), ("1", 10_518)),
    preview="| id | age | workclass | class |\n|---|---|---|---|\n| 17 | 39 | State-gov | 0 |",
    files=("train.csv (4.9 MB)", "test.csv (0.5 MB)", "sample_submission.csv (0.1 MB)"),
)

MACHINE = Machine(
    cores=2,
    memory_gb=7.5,
    trial_timeout_s=60.0,
    python="3.11.7",
    packages={
        "lightgbm": "4.7.0",
        "numpy": "2.4.6",
        "pandas": "3.1.1",
        "pyarrow": "26.0.1",
        "scikit-learn": "1.9.1",
        "scipy": "1.17.1",
    },
)


def tried(number: int, title: str, score: float | None, **changes: Any) -> TrialSummary:
    facts: dict[str, Any] = {
        "operator": "draft",
        "plan": "Because.",
        "parents": (),
        "state": "complete" if score is not None else "failed",
        "std_error": None if score is None else 0.0009,
        "folds": 0 if score is None else 5,
        "verdict": "",
        "wall_s": 9.4,
    }
    return TrialSummary(number=number, title=title, score=score, **{**facts, **changes})


HISTORY = (
    tried(0, "constant", 0.5, operator="baseline", verdict="baseline", wall_s=0.9),
    tried(1, "plain LightGBM", 0.92541, operator="baseline", verdict="baseline"),
    tried(2, "target-encoded | ridge", None, problem="ValueError: could not convert string to float: 'Private'"),
    tried(3, "LightGBM, capital features", 0.92689, operator="improve", parents=(1,), verdict="maybe", wall_s=14.0),
)


def brief_of(task: Task = INCOME, *, profile: DataProfile = INCOME_PROFILE, **changes: Any) -> Brief:
    return Brief(task=task, profile=profile, machine=MACHINE, **changes)


def full_brief(**changes: Any) -> Brief:
    return brief_of(**{"history": HISTORY, "best": 3, "noise": 0.0006, **changes})
