"""Partitions keep their promises for whatever rows come: the invariants, by random example."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.metric import Direction, Metric, Needs
from assay.core.task import DataFiles, Holdout, OutputContract, Problem, Split, SplitKind, Task
from assay.data.partition import Partition

FRUGAL = settings(max_examples=25, deadline=None)
KINDS = (SplitKind.KFOLD, SplitKind.STRATIFIED, SplitKind.GROUP, SplitKind.COLUMN)


def task_of(kind: SplitKind, *, k: int = 4, seed: int = 0, fraction: float = 0.15, horizon: int | None = None) -> Task:
    columns = {SplitKind.GROUP: "group", SplitKind.COLUMN: "own", SplitKind.TIME: "time", SplitKind.FORECAST: "time"}
    forecast = kind is SplitKind.FORECAST
    return Task(
        name="t",
        folder=Path("/nowhere"),
        statement="",
        problem=Problem.FORECAST if forecast else Problem.MULTICLASS,
        data=DataFiles(train="train.csv"),
        targets=("y",),
        id_column=None,
        metric=Metric(name="accuracy", direction=Direction.HIGHER, needs=Needs.LABELS),
        output=OutputContract(needs=Needs.LABELS, id_column=None, columns=("y",)),
        split=Split(kind=kind, k=k, seed=seed, column=columns.get(kind), horizon=horizon),
        holdout=Holdout(fraction=fraction),
        series_columns=("group",) if forecast else (),
        time_column="time" if forecast else None,
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows with labels, groups, own folds, times with ties, and some that have no label."""
    rows = draw(st.integers(60, 160))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = pd.DataFrame(
        {
            "y": random.choice(["a", "b", "c"], size=rows, p=[0.7, 0.2, 0.1]),
            "group": random.integers(0, draw(st.integers(8, 30)), size=rows).astype(str),
            "own": random.permutation(np.arange(rows) % 5),
            "time": random.integers(0, draw(st.integers(30, 300)), size=rows),
        }
    )
    return frame, random.random(rows) > 0.1


def partition_of(task: Task, frame: pd.DataFrame, labelled: np.ndarray) -> Partition:
    return Partition(task, frame, list(frame["y"].astype(str)), labelled)


@FRUGAL
@given(tables(), st.sampled_from(KINDS), st.integers(0, 3))
def test_every_search_row_is_tested_in_exactly_one_fold(
    table: tuple[pd.DataFrame, np.ndarray], kind: SplitKind, seed: int
) -> None:
    made = partition_of(task_of(kind), *table)
    slices = [made.fold(number, seed) for number in range(4)]
    tested = np.sum([part.test for part in slices], axis=0)
    assert (tested[made.search] == 1).all()
    assert (tested[~made.search] == 0).all()
    for part in slices:
        assert not (part.train & part.test).any()
        assert not (part.train & ~made.search).any()


@FRUGAL
@given(tables(), st.sampled_from((*KINDS, SplitKind.TIME, SplitKind.HOLDOUT)), st.integers(0, 3))
def test_sealed_and_unlabelled_rows_are_in_no_fold(
    table: tuple[pd.DataFrame, np.ndarray], kind: SplitKind, seed: int
) -> None:
    frame, labelled = table
    made = partition_of(task_of(kind), frame, labelled)
    assert made.sealed.any()
    assert not (made.sealed & ~labelled).any()
    assert made.sealed.sum() < 0.5 * len(frame)
    for number in range(1 if kind is SplitKind.HOLDOUT else 4):
        part = made.fold(number, seed)
        assert not ((part.train | part.test) & (made.sealed | ~labelled)).any()
    opened = made.sealed_slice()
    assert not (opened.train & opened.test).any()


@FRUGAL
@given(tables(), st.sampled_from((*KINDS, SplitKind.TIME)), st.integers(0, 50))
def test_partitions_are_reproducible_by_seed(
    table: tuple[pd.DataFrame, np.ndarray], kind: SplitKind, seed: int
) -> None:
    first, again = (partition_of(task_of(kind, seed=seed), *table) for _ in range(2))
    assert (first.sealed == again.sealed).all()
    for part, same in zip([first.fold(0, 1)], [again.fold(0, 1)], strict=True):
        assert (part.train == same.train).all()
        assert (part.test == same.test).all()
    assert (first.order(first.search, 2) == again.order(again.search, 2)).all()


@FRUGAL
@given(tables(), st.integers(0, 3))
def test_groups_are_never_shared(table: tuple[pd.DataFrame, np.ndarray], seed: int) -> None:
    frame, _ = table
    made = partition_of(task_of(SplitKind.GROUP), *table)
    groups = frame["group"]
    assert not set(groups[made.sealed]) & set(groups[made.search])
    for number in range(4):
        part = made.fold(number, seed)
        assert part.test.any()
        assert not set(groups[part.train]) & set(groups[part.test])


@FRUGAL
@given(tables(), st.integers(0, 3))
def test_time_folds_learn_from_the_past_alone(table: tuple[pd.DataFrame, np.ndarray], seed: int) -> None:
    made = partition_of(task_of(SplitKind.TIME), *table)
    time = table[0]["time"].to_numpy()
    assert time[made.search].max() < time[made.sealed].min()
    for number in range(4):
        part = made.fold(number, seed)
        assert part.test.any()
        assert part.train.any() or number == 0
        assert not part.train.any() or time[part.train].max() < time[part.test].min()


@FRUGAL
@given(st.integers(2, 5), st.integers(50, 70), st.integers(2, 5), st.integers(0, 3), st.booleans())
def test_forecast_windows_follow_what_is_learned(
    series: int, length: int, horizon: int, seed: int, ragged: bool
) -> None:
    lengths = [length - (3 * number if ragged else 0) for number in range(series)]
    frame = pd.DataFrame(
        [(str(number), step) for number, size in enumerate(lengths) for step in range(size)], columns=["group", "time"]
    ).assign(y="1")
    made = Partition(task_of(SplitKind.FORECAST, horizon=horizon), frame, list(frame["y"]), np.ones(len(frame), bool))
    seen = np.zeros(len(frame), dtype=int)
    for number in range(4):
        part = made.fold(number, seed)
        seen += part.test
        for name in frame["group"].unique():
            own = (frame["group"] == name).to_numpy()
            learned, asked = frame["time"][own & part.train], frame["time"][own & part.test]
            assert len(asked) == horizon
            assert learned.max() + 1 == asked.min()
    assert seen.max() == 1
    assert not (seen[made.sealed]).any()
    assert made.sealed.sum() == series * horizon


def test_classes_are_spread_evenly_and_fresh_seeds_differ() -> None:
    labels = ["a"] * 80 + ["b"] * 20
    frame = pd.DataFrame({"y": labels})
    made = partition_of(task_of(SplitKind.STRATIFIED, k=5, fraction=0.2), frame, np.ones(100, bool))
    assert np.unique(frame["y"][made.sealed], return_counts=True)[1].tolist() == [16, 4]
    for number in range(5):
        counted = frame["y"][made.fold(number).test].value_counts()
        assert counted["a"] in (12, 13)
        assert counted["b"] in (3, 4)
    assert (made.folds(0) != made.folds(1)).any()


def test_a_cap_keeps_the_classes_share() -> None:
    frame = pd.DataFrame({"y": ["a"] * 900 + ["b"] * 100})
    made = partition_of(task_of(SplitKind.STRATIFIED, fraction=0.0), frame, np.ones(1_000, bool))
    kept = made.capped(made.search, 100, 0)
    assert frame["y"][kept].value_counts().to_dict() == {"a": 90, "b": 10}
    assert made.capped(made.search, 5_000, 0).sum() == 1_000


@pytest.mark.parametrize("groups", [4, 5, 9])
def test_a_few_large_groups_still_fill_every_fold(groups: int) -> None:
    frame = pd.DataFrame({"y": "a", "group": [str(row % groups) for row in range(300)]})
    made = partition_of(task_of(SplitKind.GROUP, k=3), frame, np.ones(300, bool))
    assert made.sealed.any()
    assert all(made.fold(number).test.any() for number in range(3))
