"""Each finding appears on data that deserves it, and none on data that does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import TaskError
from assay.data import DataFinding, Severity, check, inspect
from support.data_sets import write_arrays, write_folder, write_forecast

Change = Callable[[pd.DataFrame], pd.DataFrame]


def found(
    folder: Path, train: Change | None = None, test: Change | None = None, **options: Any
) -> dict[str, DataFinding]:
    """The findings by code after changing the files."""
    for name, change in (("train.csv", train), ("test.csv", test)):
        if change is not None:
            change(pd.read_csv(folder / name, dtype={"id": str})).to_csv(folder / name, index=False)
    return {finding.code: finding for finding in check(inspect(folder, **options).task)}


@pytest.mark.slow
def test_good_data_are_left_alone(tmp_path: Path) -> None:
    assert found(write_folder(tmp_path, rows=2_500, test_rows=300)) == {}


def test_rows_in_both_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    test = pd.read_csv(folder / "test.csv", dtype={"id": str})
    copies = test.head(10).assign(id=[f"c{number}" for number in range(10)], y=1)
    finding = found(folder, lambda frame: pd.concat([frame, copies]))["W201"]
    assert (finding.severity, finding.figures["rows"]) == (Severity.WARNING, 10)


def test_rows_twice_in_the_training_file(tmp_path: Path) -> None:
    double = found(
        write_folder(tmp_path),
        lambda frame: pd.concat([frame, frame.head(30).assign(id=[f"c{number}" for number in range(30)])]),
    )
    assert double["W202"].figures["rows"] == 30


@pytest.mark.parametrize("kind", ["binary", "regression", "multiclass"])
def test_a_column_that_gives_the_target_away(tmp_path: Path, kind: str) -> None:
    def leak(frame: pd.DataFrame) -> pd.DataFrame:
        codes = frame["y"].astype("category").cat.codes if kind == "multiclass" else frame["y"]
        return frame.assign(refund=codes * 3.0 + 1)

    finding = found(write_folder(tmp_path, kind), leak, lambda frame: frame.assign(refund=1.0))["W203"]
    assert (finding.severity, finding.columns) == (Severity.ERROR, ("refund",))
    assert finding.fix


def test_a_leak_in_a_column_that_only_the_training_file_has_is_a_note(tmp_path: Path) -> None:
    finding = found(write_folder(tmp_path), lambda frame: frame.assign(after=frame["y"]))["W203"]
    assert finding.severity is Severity.NOTE


def test_ids_and_order_that_tell_the_target(tmp_path: Path) -> None:
    def in_order(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sort_values("y").assign(id=[f"row-{number:04d}" for number in range(len(frame))])

    by_id = found(
        write_folder(tmp_path), in_order, lambda frame: frame.assign(id=[f"t-{n}" for n in range(len(frame))])
    )
    assert {"W204", "W205"} <= set(by_id)
    assert by_id["W204"].columns == ("id",)


def test_constant_columns(tmp_path: Path) -> None:
    same = found(write_folder(tmp_path), lambda f: f.assign(unit="m"), lambda f: f.assign(unit="m"))
    assert same["W206"].columns == ("unit",)


def test_drift_names_the_columns(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, rows=600, test_rows=300)
    finding = found(folder, test=lambda frame: frame.assign(size=frame["size"] + 4))["W207"]
    assert finding.severity is Severity.WARNING
    assert finding.columns[0] == "size"
    assert finding.figures["auc"] > 0.9


@pytest.mark.parametrize("split", ["group=batch", "holdout"])
def test_new_groups_are_no_drift(tmp_path: Path, split: str) -> None:
    folder = write_folder(tmp_path, rows=600, test_rows=300)
    rng = np.random.default_rng(4)
    marks = rng.normal(size=300)

    def grouped(frame: pd.DataFrame, first: int) -> pd.DataFrame:
        group = first + np.arange(len(frame)) // 3
        return frame.assign(batch=[f"B{number}" for number in group], mark=marks[group])

    seen = found(folder, lambda f: grouped(f, 0), lambda f: grouped(f, 200), split=split)
    assert "W207" not in seen, "what is the same within a group tells a new one from the old ones, and no drift"
    assert ("W220" in seen) is (split == "holdout"), "a split that leaves groups together is told as what it is"


def test_missing_targets_and_few_rows(tmp_path: Path) -> None:
    few = found(
        write_folder(tmp_path, rows=84), lambda f: f.assign(y=f["y"].where(f.index > 9, np.nan).astype("Int64"))
    )
    assert few["W209"].figures["rows"] == 10
    assert few["W210"].severity is Severity.WARNING
    assert few["W210"].sentence.startswith("74 rows: differences below ±")
    assert 0.05 < few["W210"].figures["difference"] < 0.3
    assert "W215" in few


def test_classes_too_rare_for_the_folds(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "multiclass")
    rare = found(folder, lambda frame: frame.assign(y=frame["y"].where(frame.index > 3, "odd")))
    assert "'odd' (4 rows)" in rare["W211"].sentence


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (lambda number: f"{number:.3f}".replace(".", ","), "written like"),
        (lambda number: f"{1_000_005 + number:,.2f}", "written like '1,000,00"),
        (lambda number: f"{number:.1f}%", "%'"),
        (lambda number: f"€ {number:.2f}", "written like '€"),
        (lambda number: "?" if number < -1.5 else str(number), "but '?' in"),
    ],
)
def test_numbers_that_are_read_as_text(tmp_path: Path, written: Callable[[float], str], shown: str) -> None:
    seen = found(write_folder(tmp_path), lambda frame: frame.assign(size=frame["size"].map(written)))
    assert seen["W223"].columns == ("size",)
    assert shown in seen["W223"].sentence
    assert seen["W223"].severity is Severity.WARNING


def test_a_target_of_such_numbers_misleads_everything(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "regression")
    seen = found(folder, lambda frame: frame.assign(y=[f"{n / 7:.3f}".replace(".", ",") for n in range(len(frame))]))
    assert seen["W223"].severity is Severity.ERROR
    assert seen["W223"].columns == ("y",)


@pytest.mark.parametrize("values", [["2024.01.05", "1.2.3"], ["A12", "B7"], ["10-12", "3-4"], ["1 of 2", "2 of 2"]])
def test_codes_and_dates_are_no_numbers(tmp_path: Path, values: list[str]) -> None:
    seen = found(
        write_folder(tmp_path),
        lambda frame: frame.assign(size=[f"{values[row % len(values)]}{row % 17}" for row in range(len(frame))]),
    )
    assert "W223" not in seen


def test_columns_unlike_between_the_files(tmp_path: Path) -> None:
    own = found(write_folder(tmp_path), test=lambda frame: frame.assign(extra=1))
    assert own["W216"].columns == ("extra",)


def test_groups_in_a_random_split(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)

    def grouped(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(store=frame.index % 20)

    shared = found(folder, grouped, grouped)["W220"]
    assert (shared.severity, shared.columns) == (Severity.NOTE, ("store",))
    (folder / "test.csv").unlink()
    alone = found(folder, target="y")["W220"]
    assert (alone.severity, alone.fix) == (Severity.WARNING, "--split group=store")
    assert "W220" not in found(folder, target="y", split="group=store")


def test_dates_in_a_random_split(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "test.csv").unlink()
    days = pd.date_range("2021-01-01", periods=400, freq="D").strftime("%Y-%m-%d")
    assert found(folder, lambda frame: frame.assign(day=days), target="y")["W221"].columns == ("day",)


def test_forecasts_and_arrays_are_not_blamed_for_what_they_are(tmp_path: Path) -> None:
    assert "W207" not in found(write_forecast(tmp_path / "a", length=300))
    assert check(inspect(write_arrays(tmp_path / "b")).task) == []


def test_the_gravest_come_first(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    found(folder, lambda f: f.assign(leak=f["y"], unit=1), lambda f: f.assign(leak=0, unit=1))
    severities = [finding.severity for finding in check(inspect(folder).task)]
    assert severities[0] is Severity.ERROR
    assert severities == sorted(severities, key=[Severity.ERROR, Severity.WARNING, Severity.NOTE].index)


def test_a_file_that_broke_since_is_a_coded_error(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path)).task
    (tmp_path / "test.csv").write_text("", encoding="utf-8")
    with pytest.raises(TaskError):
        check(task)


def test_folds_of_one_class_are_told_and_a_rare_class_is_sealed_all_the_same(tmp_path: Path) -> None:
    def groups(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(person=[f"p{number % 12}" for number in range(len(frame))])

    def one_label_each(frame: pd.DataFrame) -> pd.DataFrame:
        return groups(frame).assign(y=[int(number % 12 == 0) for number in range(len(frame))])

    def rare(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(y=[int(number in (5, 80, 200)) for number in range(len(frame))])

    finding = found(write_folder(tmp_path / "groups"), one_label_each, groups, metric="roc_auc", split="group=person")
    assert "fold" in finding["W222"].sentence
    folder = write_folder(tmp_path / "rare", rows=400)
    assert "W222" not in found(folder, rare, metric="roc_auc", split="stratified=2")
    assert inspect(folder, metric="roc_auc", split="stratified=2").task.holdout.fraction > 0
