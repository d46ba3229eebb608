"""The profile tells what the data look like, and nothing of sealed rows."""

from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import TaskError
from assay.core.profile import ColumnKind
from assay.data import Given, check_apart, inspect, inspect_apart, profile, profile_apart
from support.data_sets import write_arrays, write_folder, write_forecast


def test_columns_are_told_by_kind(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for name in ("train.csv", "test.csv"):
        frame = pd.read_csv(folder / name, dtype=str)
        rows = range(len(frame))
        frame.assign(
            seen=pd.date_range("2020-01-01", periods=len(frame), freq="h").strftime("%Y-%m-%d %H:%M"),
            words=[f"a longer remark number {row} on this" for row in rows],
            code=[f"x{row * 7919 % 10_000}q" for row in rows],
            flag=["True" if row % 2 else "False" for row in rows],
            unit="m",
        ).to_csv(folder / name, index=False)
    shape = profile(inspect(folder, split="stratified").task)
    kinds = {column.name: column.kind for column in shape.columns}
    assert kinds == {
        "size": ColumnKind.NUMBER,
        "count": ColumnKind.NUMBER,
        "colour": ColumnKind.CATEGORY,
        "seen": ColumnKind.DATE,
        "words": ColumnKind.TEXT,
        "code": ColumnKind.IDENTIFIER,
        "flag": ColumnKind.BOOLEAN,
        "unit": ColumnKind.CONSTANT,
    }
    assert next(column for column in shape.columns if column.name == "count").integral
    assert sum(count for _, count in shape.target_counts) == shape.train_rows == 340
    assert shape.preview.count("\n") == 6
    assert shape.files[0].startswith("train.csv (")


def test_sealed_rows_are_not_in_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "regression")
    task = inspect(folder).task
    before = profile(task)
    shown = set(before.targets[0].examples)
    train = pd.read_csv(folder / "train.csv", dtype=str)
    assert shown <= set(train["y"])
    assert before.target_skew is not None
    assert before.target_counts == ()
    assert (before.train_rows, before.test_rows) == (340, 40)


def test_forecasts_and_arrays(tmp_path: Path) -> None:
    shape = profile(inspect(write_forecast(tmp_path / "a")).task)
    assert (shape.series, shape.horizon) == (4, 5)
    assert shape.train_rows == 230 - 4 * 5
    arrays = profile(inspect(write_arrays(tmp_path / "b")).task)
    assert [name.split(" ")[0] for name in arrays.files[:2]] == ["train.npz", "test.npz"]


def test_cells_cannot_break_the_preview(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    train = pd.read_csv(folder / "train.csv", dtype=str)
    train.assign(colour="a|b\nc" + "x" * 200).to_csv(folder / "train.csv", index=False)
    preview = profile(inspect(folder).task).preview
    assert preview.count("\n") == 6
    assert "a\\|b c" in preview
    assert max(map(len, preview.splitlines())) < 160


@pytest.mark.slow
def test_apart_is_the_same_as_here(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    found = inspect(folder)
    assert inspect_apart(folder, Given()) == found
    assert profile_apart(found.task) == profile(found.task)
    assert [finding.code for finding in check_apart(found.task)] == ["W210"]
    with pytest.raises(TaskError) as caught:
        inspect_apart(folder, Given(target=("nothing",)))
    assert caught.value.code == "E102"
