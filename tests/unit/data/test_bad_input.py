"""Bad input of every kind is a coded error with the next step; nothing is left half-written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assay.core.errors import AssayError, TaskError
from assay.data import inspect, load_task, write_task
from support.data_sets import write_arrays, write_folder

Spoil = Callable[[Path], dict[str, Any]]


def _changed(name: str, change: Callable[[pd.DataFrame], pd.DataFrame], **options: Any) -> Spoil:
    def spoil(folder: Path) -> dict[str, Any]:
        change(pd.read_csv(folder / name, dtype=str)).to_csv(folder / name, index=False)
        return options

    return spoil


def _written(name: str, content: bytes, **options: Any) -> Spoil:
    def spoil(folder: Path) -> dict[str, Any]:
        (folder / name).write_bytes(content)
        return options

    return spoil


def _no_target(folder: Path) -> dict[str, Any]:
    for name in ("test.csv", "sample_submission.csv"):
        (folder / name).unlink()
    frame = pd.read_csv(folder / "train.csv", dtype=str)
    frame.rename(columns={"y": "weight_2"}).to_csv(folder / "train.csv", index=False)
    return {}


def _no_table(folder: Path) -> dict[str, Any]:
    for path in list(folder.iterdir()):
        path.rename(path.with_suffix(".xlsx"))
    return {}


CASES: dict[str, tuple[Spoil, str, str]] = {
    "empty file": (_written("train.csv", b""), "E111", "empty"),
    "header alone": (_written("train.csv", b"id,size,y\n"), "E111", "no rows"),
    "unreadable encoding": (_written("train.csv", b"id,y\n\x81\x8d,\x00\n"), "E112", "encoding"),
    "no table at all": (_no_table, "E115", "no training table"),
    "no target": (_no_target, "E103", "no target"),
    "unknown target": (_written("x.txt", b"", target="z"), "E102", "'z'"),
    "near target": (_written("x.txt", b"", target="colur"), "E102", "did you mean 'colour'"),
    "target all missing": (_changed("train.csv", lambda f: f.assign(y="")), "E104", "missing in all 400 rows"),
    "infinite target": (
        _changed("train.csv", lambda f: f.assign(y=f["size"].where(f.index > 0, "inf")), metric="rmse"),
        "E104",
        "infinite",
    ),
    "one class": (_changed("train.csv", lambda f: f.assign(y="1")), "E105", "'1' in every row"),
    "unknown metric": (_written("x.txt", b"", metric="rmsse"), "E106", "did you mean 'rmse'"),
    "NaN metric": (_written("x.txt", b"", metric="nan"), "E106", "'nan'"),
    "direction against the metric": (_written("x.txt", b"", metric="log_loss:max"), "E107", "'log_loss' lower"),
    "direction against the description": (
        _written("description.md", b"## Metric\n\nROC AUC, lower is better."),
        "E107",
        "'roc_auc' higher is better",
    ),
    "no such direction": (_written("x.txt", b"", direction="sideways"), "E107", "'sideways'"),
    "metric for classes on numbers": (
        _changed("train.csv", lambda f: f.assign(y=f["size"]), metric="roc_auc", target="y"),
        "E107",
        "makes this a",
    ),
    "metric for numbers on labels": (
        _changed("train.csv", lambda f: f.assign(y=f["y"].map({"0": "no", "1": "yes"})), metric="rmse"),
        "E107",
        "scores numbers, but 'y' holds labels (no, yes ...)",
    ),
    "metric of profiles on one number": (
        _changed("train.csv", lambda f: f.assign(y=f["size"]), metric="pearson_mean_rowwise", target="y"),
        "E107",
        "the several numbers of a row",
    ),
    "metric for two classes on more": (
        _changed("train.csv", lambda f: f.assign(y=[str(n % 3) for n in range(len(f))]), metric="average_precision"),
        "E107",
        "two classes, but 'y' has 3",
    ),
    "duplicate ids": (
        _changed("train.csv", lambda f: pd.concat([f, f.head(2)])),
        "E108",
        "2 rows of train.csv repeat an id",
    ),
    "duplicate ids in test": (_changed("test.csv", lambda f: pd.concat([f, f.head(1)])), "E108", "test.csv"),
    "test without the id": (_changed("test.csv", lambda f: f.drop(columns="id")), "E109", "'id'"),
    "test without any column to learn from": (_changed("test.csv", lambda f: f[["id"]]), "E109", "none of the columns"),
    "nothing but the target": (
        _written("y.csv", b"y\n" + b"0\n1\n" * 30, path=Path("y.csv"), target="y"),
        "E109",
        "no column besides y",
    ),
    "one row of a class": (
        _changed("train.csv", lambda f: f.assign(y=["1", *["0"] * (len(f) - 1)]), target="y"),
        "E116",
        "only one row has the label '1'",
    ),
    "too few rows": (_changed("train.csv", lambda f: f.groupby("y").head(5)), "E116", "only 10 rows"),
    "no such split": (_written("x.txt", b"", split="magic"), "E120", "'magic'"),
    "split with a word for a number": (_written("x.txt", b"", split="kfold=many"), "E120", "it is written kfold=5"),
    "hold-out with a size": (_written("x.txt", b"", split="holdout=0.3"), "E120", "it is written holdout"),
    "group split without a column": (_written("x.txt", b"", split="group"), "E120", "needs a column"),
    "split by no such column": (_written("x.txt", b"", split="group=donr"), "E102", "'donr'"),
    "sample asks for something else": (
        _changed("sample_submission.csv", lambda f: f.assign(q=0, r=0)),
        "E103",
        "y, q, r",
    ),
    "no folder": (lambda folder: {"path": folder / "gone"}, "E101", "no folder or file"),
    "empty folder": (lambda folder: {"path": (folder / "new").mkdir() or folder / "new"}, "E111", "is empty"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_a_coded_error(tmp_path: Path, case: str) -> None:
    spoil, code, said = CASES[case]
    options = spoil(write_folder(tmp_path))
    with pytest.raises(TaskError) as caught:
        inspect(tmp_path / options.pop("path", ""), **options)
    assert caught.value.code == code
    assert said in caught.value.message
    assert caught.value.fix


def test_a_column_that_resembles_none_is_answered_with_no_guess(tmp_path: Path) -> None:
    with pytest.raises(TaskError) as caught:
        inspect(write_folder(tmp_path), split="group=zzz")
    assert caught.value.fix == "--split group=COLUMN"


def test_a_contradiction_names_both_sides(tmp_path: Path) -> None:
    with pytest.raises(TaskError) as caught:
        inspect(write_folder(tmp_path), metric="rmse", direction="higher", target="count")
    assert "'higher'" in caught.value.message
    assert "'rmse'" in caught.value.message


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("def prepare(raw, public, private):\n    raise RuntimeError('no disk')\n", "RuntimeError: no disk"),
        ("def other():\n    pass\n", "no function 'prepare'"),
        ("def prepare(raw, public, private):\n    pass\n", "no sample submission"),
        ("import nothing_of_the_kind\n", "cannot be loaded"),
    ],
)
def test_a_prepare_that_does_not_do_its_part(tmp_path: Path, program: str, said: str) -> None:
    folder = write_arrays(tmp_path, prepare=program)
    (folder / "sample_submission.csv").unlink()
    with pytest.raises(TaskError, match=r".") as caught:
        inspect(folder)
    assert caught.value.code == "E117"
    assert said in caught.value.message


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    found = inspect(write_folder(tmp_path / "data"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(AssayError) as caught:
        write_task(found, tmp_path / "file" / "task.toml")
    assert (caught.value.code, bool(caught.value.fix)) == ("E531", True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data")
    found = inspect(folder)
    folder.chmod(0o555)
    try:
        with pytest.raises(AssayError) as caught:
            write_task(found, folder / "task.toml")
    finally:
        folder.chmod(0o755)
    assert caught.value.code == "E531"
    assert not list(folder.glob("*task.toml*"))


def test_all_config_errors_are_told_at_once(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "task.toml").write_text(
        'targt = "y"\nmetric = 3\nproblem = "riddle"\nrow_cap = 0\ntrain = "gone.csv"\n'
        'about = "${NOT_SET_ANYWHERE}"\nsplit = { kind = "kfold", k = 0, depth = 2 }\nholdout = { fraction = 0.9 }\n',
        encoding="utf-8",
    )
    with pytest.raises(TaskError) as caught:
        load_task(tmp_path / "task.toml")
    message = caught.value.message
    wanted = ("targt:", "metric:", "problem:", "row_cap:", "train:", "NOT_SET_ANYWHERE", "split.k:", "split.depth:")
    assert [field for field in (*wanted, "holdout.fraction:") if field not in message] == []
    assert caught.value.code == "E120"
